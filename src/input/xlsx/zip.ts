import type { Readable } from 'node:stream';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { UserError } from '../../core/errors.ts';

/** The files in a zip archive, by name. */
export interface Zip {
  has(name: string): boolean;
  /** The bytes of a file in it, unpacked; what is damaged shows as an error of the stream. */
  read(name: string): Promise<Readable>;
  close(): void;
}

/** Opens an archive and reads its directory. Throws a `UserError` that names the file. */
export async function openZip(file: string): Promise<Zip> {
  let zip: ZipFile | undefined;
  try {
    const open = (zip = await openPromise(file, { autoClose: false }));
    const entries = new Map<string, Entry>();
    for await (const entry of open.eachEntry()) entries.set(entry.fileName, entry);
    return {
      has: (name) => entries.has(name),
      async read(name) {
        const entry = entries.get(name);
        if (!entry) throw new Error(`it has no ${name}`);
        return open.openReadStreamPromise(entry);
      },
      close: () => open.close(),
    };
  } catch (error) {
    zip?.close();
    throw notAWorkbook(file, error);
  }
}

/** What is said of a file that cannot be read as a workbook, or not to its end. */
export function notAWorkbook(file: string, cause: unknown): UserError {
  if (cause instanceof UserError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
    return new UserError('there is no such file', { place: { file }, cause, hint: 'mend the path' });
  }
  return new UserError(`is not a whole Excel workbook: ${why}`, {
    place: { file },
    cause,
    hint: 'open it in Excel and save it as .xlsx (not .xls, .xlsb or with a password), or fetch it again',
  });
}
