import { delimiter, join } from 'node:path';

/** The folder of package.json. */
export const root = join(import.meta.dirname, '../..');

/** The folders of PATH without those that npm adds, as in a shell that knows nothing of this project. */
export const outerPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));

/** An environment without what npm and vitest have put into it; `path` are folders of PATH. */
export function cleanEnvironment(path: readonly string[]): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_OPTIONS|NODE_ENV|SHARDYARD_)/i.test(name));
  return { ...Object.fromEntries(own), PATH: path.join(delimiter) };
}
