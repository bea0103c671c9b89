import type { ColumnTypes } from '../../core/column-type.ts';
import { UserError } from '../../core/errors.ts';
import type { Row } from '../../core/worker.ts';
import { csvToNdjson } from '../csv-to-ndjson.ts';
import { parseRow } from '../json-parse.ts';
import { createLines } from '../lines.ts';
import type { OutputWriter } from '../writer.ts';
import { openParquetFile } from './parquet-file.ts';
import { createSurvey, type TypedColumn } from './survey.ts';

/** What a merge into Parquet needs. */
export interface ParquetOptions {
  /** The name to write under; an existing file is overwritten. */
  readonly file: string;
  /** What the chunks are: rows of CSV without a header, or NDJSON. */
  readonly from: 'csv' | 'ndjson';
  /** Declared columns; left out: those of the rows. Needed for CSV. */
  readonly columns: readonly string[] | undefined;
  /** Declared types; those left out follow from all rows. */
  readonly types: ColumnTypes | undefined;
  /** Reads all rows once: for what is not declared. */
  readonly read: (take: (chunk: Uint8Array) => void) => Promise<unknown>;
}

/** Writes the rows of parts as one Parquet file; its columns are known before the first of them. */
export interface ParquetOutput extends OutputWriter {
  readonly columns: readonly TypedColumn[];
}

type Take = (row: Row, units: number) => void;

/** Opens an output. Where not every column has a declared type, all rows are read before; memory is that of one row group. */
export async function openParquetOutput({ file, from, columns, types, read }: ParquetOptions): Promise<ParquetOutput> {
  const texts = from === 'csv';
  const typed = await typedColumns();

  async function typedColumns(): Promise<readonly TypedColumn[]> {
    const survey = createSurvey({ columns, types, texts });
    if (columns?.every((column) => types && Object.hasOwn(types, column))) return survey.columns();
    const rows = rowReader(from, columns, (row) => survey.add(row));
    await read(rows.push);
    rows.end();
    return survey.columns();
  }

  const parquet = openParquetFile(file, typed, { texts });
  const rows = rowReader(from, columns, (row, units) => parquet.add(row, units));
  return {
    columns: typed,
    write: rows.push,
    finish() {
      rows.end();
      return parquet.finish();
    },
    abort: () => parquet.abort(),
  };
}

/** Cuts chunks into rows; what is wrong with one says which. */
function rowReader(
  from: 'csv' | 'ndjson',
  columns: readonly string[] | undefined,
  take: Take,
): { readonly push: (chunk: Uint8Array) => void; readonly end: () => void } {
  const lines = createLines();
  const csv = from === 'csv' ? csvToNdjson(columns ?? []) : undefined;
  let count = 0;

  function takeAll(texts: readonly string[]): void {
    for (const text of texts) {
      count++;
      if (text === '') continue;
      const row = parseRow(text, count);
      try {
        take(row, text.length);
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new UserError(`row ${count} of the merged rows: ${error instanceof Error ? error.message : String(error)}`, {
          exitCode: 4,
          cause: error,
          hint: 'correct the `types` of the worker, or merge into another format',
        });
      }
    }
  }

  return {
    push: (chunk) => takeAll(lines.push(csv ? csv.convert(chunk) : chunk)),
    end() {
      if (csv) takeAll(lines.push(csv.end()));
      takeAll(lines.end());
    },
  };
}
