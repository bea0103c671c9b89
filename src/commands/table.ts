import { layOut } from '../reporters/columns.ts';
import type { Column } from '../reporters/columns.ts';

/** A column of a printed table: its heading, and on which side its cells are flush. */
export interface Heading {
  readonly head: string;
  readonly align?: 'right';
}

/** A table as text, headings first, one line a row. Nothing is cut: it may end up in a file or in `less -S`. */
export function formatTable(headings: readonly Heading[], rows: readonly (readonly string[])[]): string {
  const columns = headings.map(({ head, ...rest }, at): Column => ({
    cells: [head, ...rows.map((row) => row[at] ?? '')],
    ...rest,
    keep: 0,
  }));
  return layOut(columns, Infinity)
    .map((line) => `${line}\n`)
    .join('');
}
