import { closeSync, createReadStream, openSync, rmSync } from 'node:fs';
import type { ColumnTypes } from '../core/column-type.ts';
import type { Row } from '../core/worker.ts';
import { parseRow } from '../formats/json-parse.ts';
import { jsonEncoder } from '../formats/json-row.ts';
import { createLines } from '../formats/lines.ts';
import { withNames } from '../formats/named-numbers.ts';
import { openParquetFile } from '../formats/parquet/parquet-file.ts';
import { createSurvey, type TypedColumn } from '../formats/parquet/survey.ts';
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

/** Writes rows as one file that is there whole or not at all. Memory does not grow with their number; the disk holds them twice for Parquet. */
export async function writeTable(
  file: string,
  format: 'csv' | 'jsonl' | 'parquet',
  rows: Rows,
  options: TableOptions,
): Promise<WrittenTable> {
  return publish(file, (temporary) =>
    format === 'parquet' ? writeParquet(temporary, rows, options) : writeText(temporary, format, rows, options),
  );
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

/** The types are known only when all rows are: meanwhile they wait in a file of their own. */
async function writeParquet(file: string, rows: Rows, { columns, types, texts = false }: TableOptions): Promise<WrittenTable> {
  const survey = createSurvey({ columns, types, texts });
  const waiting = `${file}.rows`;
  try {
    const descriptor = openSync(waiting, 'w');
    let count: number;
    try {
      count = await encodeAll(rows, true, { line: (row) => survey.add(row), piece: (text) => writeAll(descriptor, Buffer.from(text)) });
    } finally {
      closeSync(descriptor);
    }
    return { rows: count, ...(await copyRows(waiting, file, survey.columns(), texts)) };
  } finally {
    rmSync(waiting, { force: true });
  }
}

async function copyRows(from: string, to: string, columns: readonly TypedColumn[], texts: boolean): Promise<Omit<WrittenTable, 'rows'>> {
  const parquet = openParquetFile(to, columns, { texts });
  try {
    const lines = createLines();
    let row = 0;
    for await (const chunk of createReadStream(from, { highWaterMark: PIECE })) {
      for (const line of lines.push(chunk as Buffer)) parquet.add(parseRow(line, ++row), line.length);
    }
    return await parquet.finish();
  } catch (error) {
    await parquet.abort();
    throw error;
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
