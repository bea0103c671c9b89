import { stripVTControlCharacters } from 'node:util';
import { cut, padEnd, padStart, widthOf } from './text.ts';

/** A column of a table of progress lines, one cell a line. Cells may be coloured, except those of a `rest` column. */
export interface Column {
  readonly cells: readonly string[];
  readonly align?: 'left' | 'right';
  /** Keeps the column from jumping about as its numbers grow. */
  readonly least?: number;
  /** Where the width does not suffice, columns with the lowest number go first; the highest one always stays. */
  readonly keep: number;
  /** Takes what is left of the width, cutting its cells; goes when that is less than a few characters. */
  readonly rest?: boolean;
}

const GAP = 2;
const LEAST_REST = 6;

/** Lays columns out side by side in lines of at most `width` columns of the terminal. */
export function layOut(columns: readonly Column[], width: number): string[] {
  const used = columns.filter((column) => column.cells.some((cell) => cell !== ''));
  const widths = new Map(used.map((column) => [column, column.rest ? LEAST_REST : widest(column)]));
  const total = (kept: readonly Column[]): number => kept.reduce((sum, column) => sum + (widths.get(column) ?? 0) + GAP, -GAP);
  let kept = used;
  while (kept.length > 1 && total(kept) > width) {
    const first = kept.reduce((least, column) => (column.keep < least.keep ? column : least));
    kept = kept.filter((column) => column !== first);
  }
  const spare = Math.max(0, width - total(kept));
  const lines = Math.max(0, ...columns.map(({ cells }) => cells.length));
  return Array.from({ length: lines }, (_, at) => {
    const cells = kept.map((column) => {
      const cell = column.cells[at] ?? '';
      const room = widths.get(column) ?? 0;
      if (column.rest) return cut(cell, room + spare);
      return column.align === 'right' ? padStart(cell, room) : padEnd(cell, room);
    });
    const line = cells.join(' '.repeat(GAP)).trimEnd();
    return widthOf(line) <= width ? line : cut(stripVTControlCharacters(line), width);
  });
}

const widest = ({ cells, least = 0 }: Column): number => Math.max(least, ...cells.map(widthOf));
