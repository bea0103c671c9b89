import { UserError } from '../core/errors.ts';

const CODES = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EACCES', 'ENOENT', 'EMFILE', 'ENFILE']);
/** SQLite's numbers for the same: read-only, input or output, full, cannot open. */
const SQLITE_CODES = new Set([8, 10, 13, 14]);

/** Whether an error's code says that a disk or folder does not take what is written. */
export const isDiskCode = (code: string | undefined): boolean => code !== undefined && CODES.has(code);

/** Whether an error's code says that something has run out, or is broken: another place or other permissions do not help. */
export const isExhausted = (code: string): boolean => ['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE'].includes(code);

/** For an error of the disk, one that says so (exit code 1) and what to do: `hint`, as a sentence. Any other error as it is. */
export function asDiskError(error: unknown, hint: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const isSqlite = 'errcode' in error && typeof error.errcode === 'number' && SQLITE_CODES.has(error.errcode & 0xff);
  if (!isSqlite && !isDiskCode(String(error.code))) return error;
  if (error.code === 'EMFILE' || error.code === 'ENFILE') {
    const more = `allow more open files (\`ulimit -n 4096\`) or use fewer --processes; ${hint}`;
    return new UserError(`there are too many open files: ${error.message}`, { exitCode: 1, hint: more, cause: error });
  }
  const place = 'path' in error && typeof error.path === 'string' ? { place: { file: error.path } } : {};
  return new UserError(`the disk does not do what it should: ${error.message}`, { exitCode: 1, hint, cause: error, ...place });
}
