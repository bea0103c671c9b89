import { closeSync, createReadStream, openSync, rmSync } from 'node:fs';
import type { ColumnTypes } from '../core/column-type.ts';
import type { Row } from '../core/worker.ts';
import { createColumnUnion } from '../formats/columns.ts';
import { parseRow } from '../formats/json-parse.ts';
import { jsonEncoder } from '../formats/json-row.ts';
import { createLines } from '../formats/lines.ts';
import { withNames } from '../formats/named-numbers.ts';
import { openParquetFile } from '../formats/parquet/parquet-file.ts';
import { createSurvey } from '../formats/parquet/survey.ts';
import type { Digest } from '../formats/sink.ts';
import { openWriter } from '../formats/writer.ts';
import { publish, writeAll } from '../store/files.ts';

/** Rows to write, and how. */
export interface TableOptions {
  /** Default: the keys of all rows, in order of first appearance. CSV needs them. */
  readonly columns?: readonly string[];
  /** Of some or all columns; the others follow from all values. */
  readonly types?: ColumnTypes;
  /** The rows come from CSV, where numbers are texts. */
  readonly texts?: boolean;
}

/** What was written. */
export interface WrittenTable {
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

type Rows = AsyncIterable<Row> | Iterable<Row>;

/** Rows are handed on in pieces of so many characters. */
const PIECE = 1 << 20;

/** Writes rows as one file that is there whole or not at all. Memory does not grow with their number; where not all is known before the last row, the disk holds them twice. */
export async function writeTable(
  file: string,
  format: 'csv' | 'jsonl' | 'parquet',
  rows: Rows,
  options: TableOptions = {},
): Promise<WrittenTable> {
  return publish(file, (temporary) => {
    if (format === 'parquet') return writeParquet(temporary, rows, options);
    return format === 'csv' && options.columns === undefined ? writeUnion(temporary, rows) : writeText(temporary, format, rows, options);
  });
}

async function writeText(file: string, format: 'csv' | 'jsonl', rows: Rows, { columns }: TableOptions): Promise<WrittenTable> {
  const writer = openWriter({ file, format, compression: 'none', from: 'ndjson', columns });
  try {
    const count = await encodeAll(rows, format === 'csv', { line() {}, piece: (text) => writer.write(Buffer.from(text)) });
    return { rows: count, ...(await writer.finish()) };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** CSV whose columns are those of all rows. */
async function writeUnion(file: string, rows: Rows): Promise<WrittenTable> {
  const union = createColumnUnion();
  return withWaiting(
    file,
    rows,
    (row) => union.add(row),
    async (chunks) => {
      const writer = openWriter({ file, format: 'csv', compression: 'none', from: 'ndjson', columns: union.columns() });
      try {
        for await (const chunk of chunks) await writer.write(chunk);
        return await writer.finish();
      } catch (error) {
        await writer.abort();
        throw error;
      }
    },
  );
}

async function writeParquet(file: string, rows: Rows, { columns, types, texts = false }: TableOptions): Promise<WrittenTable> {
  const survey = createSurvey({ columns, types, texts });
  return withWaiting(
    file,
    rows,
    (row) => survey.add(row),
    async (chunks) => {
      const parquet = openParquetFile(file, survey.columns(), { texts });
      try {
        const lines = createLines();
        let row = 0;
        for await (const chunk of chunks) for (const line of lines.push(chunk)) parquet.add(parseRow(line, ++row), line.length);
        return await parquet.finish();
      } catch (error) {
        await parquet.abort();
        throw error;
      }
    },
  );
}

/** What the columns are is known only when all rows are: meanwhile they wait in a file of their own. */
async function withWaiting(
  file: string,
  rows: Rows,
  look: (row: Row) => void,
  copy: (chunks: AsyncIterable<Uint8Array>) => Promise<Digest>,
): Promise<WrittenTable> {
  const waiting = `${file}.rows`;
  try {
    const descriptor = openSync(waiting, 'w');
    let count: number;
    try {
      count = await encodeAll(rows, true, { line: look, piece: (text) => writeAll(descriptor, Buffer.from(text)) });
    } finally {
      closeSync(descriptor);
    }
    return { rows: count, ...(await copy(createReadStream(waiting, { highWaterMark: PIECE }))) };
  } finally {
    rmSync(waiting, { force: true });
  }
}

interface Takers {
  readonly line: (row: Row) => void;
  readonly piece: (text: string) => void | Promise<void>;
}

async function encodeAll(rows: Rows, named: boolean, { line, piece }: Takers): Promise<number> {
  const encode = jsonEncoder();
  let count = 0;
  let text = '';
  for await (const row of rows) {
    text += encode(named ? withNames(row) : row);
    line(row);
    count++;
    if (text.length < PIECE) continue;
    await piece(text);
    text = '';
  }
  if (text !== '') await piece(text);
  return count;
}
