import { UserError } from '../core/errors.ts';

const CODES = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EACCES', 'ENOENT', 'EMFILE']);
/** SQLite's numbers for the same: read-only, input or output, full, cannot open. */
const SQLITE_CODES = new Set([8, 10, 13, 14]);

/** Whether an error's code says that a disk or folder does not take what is written. */
export const isDiskCode = (code: string | undefined): boolean => code !== undefined && CODES.has(code);

/** For an error of the disk, one that says so (exit code 1) and what to do: `hint`, as a sentence. Any other error as it is. */
export function asDiskError(error: unknown, hint: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const isSqlite = 'errcode' in error && typeof error.errcode === 'number' && SQLITE_CODES.has(error.errcode & 0xff);
  if (!isSqlite && !isDiskCode(String(error.code))) return error;
  const place = 'path' in error && typeof error.path === 'string' ? { place: { file: error.path } } : {};
  return new UserError(`the disk does not do what it should: ${error.message}`, { exitCode: 1, hint, cause: error, ...place });
}
