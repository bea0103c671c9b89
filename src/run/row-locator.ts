import { type Piece, piecesOf } from '../core/pieces.ts';
import type { RunState } from '../core/state.ts';
import { openPlanItems } from '../input/grid-reader.ts';
import type { PartSource } from './part-source.ts';

/** Whose a row of the merged rows is. */
export interface RowPlace {
  /** Position and key of its item; of several that were made together, the first. */
  readonly index: number;
  readonly key: string;
  /** Which of the item's rows it is, from 1. */
  readonly row: number;
}

/** Finds the items of rows by their number, by what the ledgers say; only for rows that are complained about. */
export class RowLocator {
  readonly #items: Generator<{ readonly index: number; readonly rows: number }>;
  readonly #keyAt: (position: number) => string;
  #index = 0;
  /** The rows `[#first, #end)` are those of item `#index`. */
  #first = 0;
  #end = 0;

  constructor({ state, source, folder }: { readonly state: RunState; readonly source: PartSource; readonly folder: string }) {
    this.#items = itemsOf(piecesOf(state), source);
    const reader = state.plan && openPlanItems(state.plan, folder);
    this.#keyAt = (position) => reader?.keyAt(position) ?? String(position);
  }

  /** Rows are asked for in their order, by their number from 0. */
  at(row: number): RowPlace {
    while (row >= this.#end) {
      const { value, done } = this.#items.next();
      if (done) throw new Error(`there is no row ${row}`);
      this.#index = value.index;
      this.#first = this.#end;
      this.#end += value.rows;
    }
    return { index: this.#index, key: this.#keyAt(this.#index), row: row - this.#first + 1 };
  }
}

function* itemsOf(pieces: Iterable<Piece>, source: PartSource): Generator<{ readonly index: number; readonly rows: number }> {
  for (const piece of pieces) for (const { position, rows } of source.itemsOf(piece)) yield { index: position, rows };
}
