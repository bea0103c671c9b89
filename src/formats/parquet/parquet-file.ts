import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { UserError } from '../../core/errors.ts';
import type { Row } from '../../core/worker.ts';
import { type ColumnValue, valueReader } from '../column-value.ts';
import { openFileSink } from '../file-sink.ts';
import type { Digest } from '../sink.ts';
import { inColumn } from '../typed-row.ts';
import { schemasOf } from './schema.ts';
import type { TypedColumn } from './survey.ts';

/**
 * A row group ends after so many rows, or so many characters of their JSON: both depend on the rows alone, and so do the file's bytes. Groups
 * of four times the size make a file 0.3 % smaller and take 80 MB more.
 */
const GROUP_ROWS = 50_000;
const GROUP_UNITS = 2 << 20;

/** Takes rows and writes them as a Parquet file, a row group at a time. */
export interface ParquetFile {
  /** Adds a row; `units`: the length of its JSON. Throws where a value does not fit its column. */
  add(row: Row, units: number): void;
  /** Writes the rest and the footer, syncs and closes. */
  finish(): Promise<Digest>;
  /** Closes and deletes the file. */
  abort(): Promise<void>;
}

/** Opens a file under a temporary name of the caller's; snappy, as everybody expects. Memory: that of one row group. */
export function openParquetFile(file: string, columns: readonly TypedColumn[], { texts = false } = {}): ParquetFile {
  if (columns.length === 0) {
    throw new UserError('there is no column, and Parquet cannot do without', {
      exitCode: 4,
      hint: 'declare `columns` in the worker, let some item give a row, or choose another format',
    });
  }
  const { written, said } = schemasOf(columns);
  const sink = openFileSink(file);
  const bytes = new ByteWriter();
  const flush = (): void => {
    sink.write(bytes.getBytes());
    bytes.index = 0;
  };
  const parquet = new ParquetWriter({ writer: Object.assign(bytes, { flush, finish: flush }), schema: written, createdBy: 'shardyard' });
  const fields = columns.map(({ name, type }) => ({
    name,
    read: valueReader(type, { texts }),
    // Their bounds would be whole values, and nobody looks for a range of JSON.
    statistics: type !== 'json',
    data: [] as (ColumnValue | null)[],
  }));
  let rows = 0;
  let units = 0;

  function writeGroup(): void {
    if (rows === 0) return;
    void parquet.write({ columnData: fields.map(({ name, data, statistics }) => ({ name, data, statistics })), rowGroupSize: rows });
    for (const field of fields) field.data = [];
    rows = 0;
    units = 0;
  }

  return {
    add(row, rowUnits) {
      for (const { name, read, data } of fields) {
        const value = Object.hasOwn(row, name) ? row[name] : undefined;
        if (value === undefined || value === null) data.push(null);
        else {
          try {
            data.push(read(value));
          } catch (error) {
            throw inColumn(name, error);
          }
        }
      }
      rows++;
      units += rowUnits;
      if (rows === GROUP_ROWS || units >= GROUP_UNITS) writeGroup();
    },
    finish() {
      writeGroup();
      parquet.schema = said;
      void parquet.finish();
      return sink.finish();
    },
    abort: () => sink.abort(),
  };
}
