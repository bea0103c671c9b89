import { join } from 'node:path';
import { TOKEN_VARIABLE } from '../store/processes.ts';

/**
 * What children find in their environment besides the parent's own: the session's mark, and Node's compile cache, with which a
 * `.ts` child starts as fast as a `.js` one (35 instead of 65 to 90 ms).
 */
export function childEnvironment(dataDir: string, mark: string): Record<string, string> {
  return { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(dataDir, 'cache', 'compile'), [TOKEN_VARIABLE]: mark };
}
