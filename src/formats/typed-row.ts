import type { ColumnTypes } from '../core/column-type.ts';
import type { Row } from '../core/worker.ts';
import { valueReader } from './column-value.ts';
import { asRow } from './row.ts';

/** Gives the function that refuses a row with a value that its column's declared type cannot hold; null always fits. */
export function rowChecker(types: ColumnTypes): (row: Row) => void {
  const readers = Object.entries(types).map(([column, type]) => [column, valueReader(type)] as const);
  return (given) => {
    const row = asRow(given);
    for (const [column, read] of readers) {
      const value = Object.hasOwn(row, column) ? row[column] : undefined;
      if (value === undefined || value === null) continue;
      try {
        read(value);
      } catch (error) {
        throw inColumn(column, error);
      }
    }
  };
}

/** The error with the name of the column in front. */
export function inColumn(column: string, error: unknown): Error {
  return new Error(`column ${JSON.stringify(column)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
