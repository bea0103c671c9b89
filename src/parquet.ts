import { type TableOptions, type WrittenTable, writeTable } from './convert/write-table.ts';
import type { Row } from './core/worker.ts';

export { parquetRows as readParquet } from './input/parquet/parquet-rows.ts';
export type { ParquetRow, ParquetSelection } from './input/parquet/parquet-rows.ts';
export type { TableOptions, WrittenTable };
export type { ColumnType, ColumnTypes } from './core/column-type.ts';
export { UserError } from './core/errors.ts';

/**
 * Writes rows as a Parquet file that is there whole or not at all; snappy, the same bytes for the same rows. Memory does not grow with
 * their number. Types: as for a worker's `types`.
 */
export function writeParquet(file: string, rows: AsyncIterable<Row> | Iterable<Row>, options: TableOptions = {}): Promise<WrittenTable> {
  return writeTable(file, 'parquet', rows, options);
}
