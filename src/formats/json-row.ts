import type { Row } from '../core/worker.ts';
import { jsonText } from './json-text.ts';
import { asRow, unknownColumn } from './row.ts';

/**
 * Gives the function that turns a row into its line of NDJSON, final newline included; keys keep their order, those that
 * are undefined are dropped. With `columns`, a key that is not among them is an error. See `jsonText` for the values.
 */
export function jsonEncoder(columns?: readonly string[]): (row: Row) => string {
  if (columns === undefined) return (row) => `${jsonText(asRow(row))}\n`;
  const known = new Set(columns);
  return (given) => {
    const row = asRow(given);
    for (const key of Object.keys(row)) if (!known.has(key)) throw unknownColumn(key, columns);
    return `${jsonText(row)}\n`;
  };
}
