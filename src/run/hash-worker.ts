import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UserError } from '../core/errors.ts';

/** The SHA-256 of a worker's file. What it imports is not looked at. */
export function hashWorker(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new UserError(
      missing ? 'there is no such worker' : `the worker cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        place: { file },
        hint: 'give the path of a .js, .mjs or .ts module whose default export is a worker (`shardyard init` writes one)',
      },
    );
  }
}
