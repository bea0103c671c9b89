import type { ItemFailure } from '../../../src/core/events.ts';
import { behind, restOf } from '../../../src/core/halve.ts';
import { IntervalSet, type Span } from '../../../src/core/intervals.ts';
import type { Piece } from '../../../src/core/schedule.ts';
import type { Salvage } from '../../../src/store/ledger.ts';
import { listOf } from './oracle.ts';

type Line =
  | { readonly status: 'started' | 'done' | 'tried'; readonly index: number }
  | { readonly status: 'failed'; readonly failure: ItemFailure };

/** One attempt as its child and its files see it. Lines reach the ledger in order, at the latest before another item starts where starts are marked. */
export class Attempt {
  readonly piece: Piece;
  readonly inFlight: number[] = [];
  readonly #order: number[];
  readonly #marked: boolean;
  readonly #lines: Line[] = [];
  #flushed = 0;
  halving: 'no' | 'asked' | 'refused' = 'no';
  told: 'stop' | 'kill' | undefined;

  constructor(piece: Piece, marked: boolean) {
    this.piece = piece;
    this.#order = listOf(piece.spans);
    this.#marked = marked || piece.mode !== 'normal';
  }

  /** Positions that it has not begun and may begin. */
  get rest(): readonly number[] {
    return this.told === undefined ? this.#order : [];
  }

  begin(): void {
    const index = this.#order.shift();
    if (index === undefined) throw new Error('nothing to begin');
    this.inFlight.push(index);
    if (!this.#marked) return;
    this.#lines.push({ status: 'started', index });
    this.#flushed = this.#lines.length;
  }

  /** An item is over. */
  end(index: number, failure?: ItemFailure): void {
    this.inFlight.splice(this.inFlight.indexOf(index), 1);
    this.#lines.push(failure ? { status: 'failed', failure } : { status: 'done', index });
  }

  /** Gives up the back half of what is not begun. */
  halve(): Span[] {
    const { rest, count } = restOf(this.piece.spans, this.#order[0] ?? Infinity, (this.#order.at(-1) ?? -1) + 1);
    const given = behind(rest, Math.floor(count / 2));
    this.#order.splice(Math.floor(count / 2));
    return given;
  }

  /** What is in the files: all of it, or as much as had reached them, and by chance (`more`, 0 to 1) some of the rest. */
  found(more = 1): Salvage {
    const lines = this.#lines.slice(0, this.#flushed + Math.round((this.#lines.length - this.#flushed) * more));
    const done = new IntervalSet();
    const inFlight = new Set<number>();
    const failed: ItemFailure[] = [];
    for (const line of lines) {
      if (line.status === 'started') inFlight.add(line.index);
      else if (line.status === 'done') done.add(line.index, line.index + 1);
      else if (line.status === 'failed') failed.push(line.failure);
      if (line.status !== 'started') inFlight.delete(line.status === 'failed' ? line.failure.index : line.index);
    }
    return {
      spans: done.spans(),
      items: done.size,
      rows: done.size * 2,
      bytes: done.size * 10,
      crc32: 1,
      layout: 'plain',
      ledgerLines: lines.length,
      ledgerBytes: lines.length,
      ledgerCrc32: 2,
      itemMs: done.size,
      failed: failed.map(({ index, key, message, tries }) => ({ index, key, status: 'failed', cause: 'error', message, tries })),
      inFlight: [...inFlight].map((index) => ({ index, key: `k${index}`, at: undefined })),
      exact: this.#marked,
    };
  }
}
