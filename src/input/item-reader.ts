import type { Span } from '../core/intervals.ts';

/** An item at its position in the list. */
export interface FrozenItem {
  readonly index: number;
  readonly key: string;
  readonly item: unknown;
  /** Where parameters are swept: which of their combinations this is, and the item's own position and key. */
  readonly swept?: { readonly combination: number; readonly position: number; readonly key: string };
}

export interface FrozenKey {
  readonly index: number;
  readonly key: string;
}

/** The items of a plan, by position. Everything is synchronous and streams; positions outside the list are a bug and throw. */
export interface ItemReader {
  /** Number of items. */
  readonly count: number;
  /** The items of these spans, in the order in which the spans are given. */
  read(spans: Iterable<Span>): Generator<FrozenItem, void>;
  /** As `read`, without parsing the items; default: all. */
  readKeys(spans?: Iterable<Span>): Generator<FrozenKey, void>;
  /** The key at one position; in a file it takes some 20 µs to find. */
  keyAt(position: number): string;
  close(): void;
}

/** A file that `freezeItems` wrote, or a half-open range of integers whose items and keys are the numbers as strings. */
export type FrozenRef = string | { readonly start: number; readonly end: number };

/** Refuses positions that are not in a list of `count` items. */
export function checkSpan(start: number, end: number, count: number): void {
  if (!(start >= 0 && start <= end && end <= count)) throw new RangeError(`[${start}, ${end}) is not within ${count} items`);
}
