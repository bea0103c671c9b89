import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { type AsyncBuffer, type Compressors, type FileMetaData, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { UserError } from '../../core/errors.ts';
import { guarded } from './guarded.ts';

/** A row of a Parquet file as its columns have it: whole numbers of 64 bits as bigint, dates and timestamps as Date, lists as arrays. */
export type ParquetRow = Readonly<Record<string, unknown>>;

const compressors: Compressors = {
  GZIP: (bytes) => gunzipSync(bytes),
  ZSTD: (bytes) => zstdDecompressSync(bytes),
  BROTLI: (bytes) => brotliDecompressSync(bytes),
};

/** Unlike the library's: a byte order mark is part of the text, and bytes that are no text are an error. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Which part of a file is wanted. */
export interface ParquetSelection {
  /** Only these, in this order. */
  readonly columns?: readonly string[];
  /** Rows from `start` to before `end`, from 0; row groups without any of them are not read. Default: all. */
  readonly start?: number;
  readonly end?: number;
}

/**
 * The rows of a Parquet file, in order; holds one row group at a time.
 *
 * @throws UserError that names the file and, as its line, the row (from 1), when it is no Parquet, damaged, or packed in a way that Node cannot unpack.
 */
export async function* parquetRows(
  file: string,
  { columns, start: from = 0, end: until = Infinity }: ParquetSelection = {},
): AsyncGenerator<ParquetRow> {
  const descriptor = opened(file);
  try {
    const buffer = bufferOf(descriptor);
    const metadata = await guarded(() => footerOf(buffer)).catch((error: unknown) => {
      throw damaged(file, undefined, error);
    });
    const known = new Set(metadata.row_groups[0]?.columns.map((column) => column.meta_data?.path_in_schema[0]));
    const missing = known.size === 0 ? undefined : columns?.find((column) => !known.has(column));
    if (missing !== undefined) throw unknownColumn(file, missing, known);
    let behind = 0;
    for (const group of metadata.row_groups) {
      const [first, next] = [behind, behind + Number(group.num_rows)];
      const [start, end] = [Math.max(first, from), Math.min(next, until)];
      behind = next;
      if (start >= end) continue;
      const rows = await guarded(() => readGroup(buffer, metadata, { start, end, columns })).catch((error: unknown) => {
        throw damaged(file, start + 1, error);
      });
      if (rows.length !== end - start) throw damaged(file, start + 1, `${rows.length} rows instead of ${end - start}`);
      yield* rows;
    }
  } finally {
    closeSync(descriptor);
  }
}

async function footerOf(buffer: AsyncBuffer): Promise<FileMetaData> {
  if (buffer.byteLength < 12) throw new Error('the file is too short');
  const metadata = await parquetMetadataAsync(buffer);
  const claimed = metadata.row_groups.reduce((sum, { num_rows }) => sum + num_rows, 0n);
  if (claimed !== metadata.num_rows) throw new Error(`its row groups have ${claimed} rows, its footer says ${metadata.num_rows}`);
  return metadata;
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly columns: readonly string[] | undefined;
}

async function readGroup(file: AsyncBuffer, metadata: FileMetaData, { start, end, columns }: Range): Promise<readonly ParquetRow[]> {
  let rows: readonly ParquetRow[] = [];
  await parquetRead({
    file,
    metadata,
    rowStart: start,
    rowEnd: end,
    rowFormat: 'object',
    compressors,
    parsers: { stringFromBytes: (bytes) => bytes && utf8.decode(bytes), jsonFromBytes: (bytes) => bytes && JSON.parse(utf8.decode(bytes)) },
    ...(columns ? { columns: [...columns] } : {}),
    onComplete: (found) => {
      rows = found;
    },
  });
  if (!columns) return rows;
  return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
}

/** Reads pieces at once; a piece that is not there is an error, not fewer bytes. */
function bufferOf(descriptor: number): AsyncBuffer {
  const { size } = fstatSync(descriptor);
  return {
    byteLength: size,
    slice(start, end = size) {
      if (!(start >= 0 && start <= end && end <= size)) throw new Error(`there are no bytes ${start} to ${end}, the file has ${size}`);
      const bytes = new Uint8Array(end - start);
      for (let at = 0; at < bytes.length;) {
        const length = readSync(descriptor, bytes, at, bytes.length - at, start + at);
        if (length === 0) throw new Error(`it ends at byte ${start + at}`);
        at += length;
      }
      return bytes.buffer;
    },
  };
}

function opened(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw new UserError(`cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      place: { file },
      cause: error,
      hint: 'mend the path, or make it readable',
    });
  }
}

function damaged(file: string, row: number | undefined, cause: unknown): UserError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const what = row === undefined ? 'is not a whole Parquet file' : 'the rows from here on cannot be read';
  return new UserError(`${what}: ${why}`, {
    place: { file, ...(row === undefined ? {} : { line: row }) },
    cause,
    hint: /codec/i.test(why) ? 'write it again with snappy, gzip or zstd' : 'fetch or write the file again',
  });
}

function unknownColumn(file: string, missing: string, known: ReadonlySet<string | undefined>): UserError {
  return new UserError(`has no column ${JSON.stringify(missing)}`, { place: { file }, hint: `it has ${[...known].join(', ')}` });
}
