import { asRow } from './row.ts';
import { parseRow } from './json-parse.ts';

/** Collects the columns of rows that may each have their own. */
export interface ColumnUnion {
  /** Adds the keys of a row, given as a line of NDJSON or as an object. */
  add(row: string | object): void;
  /** All keys, in order of first appearance. */
  columns(): string[];
}

/** An empty union. A row with the same keys as the one before costs no more than looking at them. */
export function createColumnUnion(): ColumnUnion {
  const all = new Set<string>();
  let last: readonly string[] = [];
  let count = 0;

  function isAsLast(row: object): boolean {
    let position = 0;
    for (const key in row) if (key !== last[position++]) return false;
    return position === last.length;
  }

  return {
    add(given) {
      count++;
      const row = typeof given === 'string' ? parseRow(given, count) : asRow(given);
      if (isAsLast(row)) return;
      last = Object.keys(row);
      for (const key of last) all.add(key);
    },
    columns: () => [...all],
  };
}
