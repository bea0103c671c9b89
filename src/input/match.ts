import { IntervalSet, type Span } from '../core/intervals.ts';
import type { Move } from '../core/plan.ts';
import { indexKeys, type KeyLookup } from './key-index.ts';
import { MoveLog } from './moves.ts';
import { positionInRange } from './range-reader.ts';
import { type FrozenRef, type ItemReader, openItemsReader } from './reader.ts';

/** An earlier plan of the run, by its number, and its items. */
export interface EarlierItems {
  readonly plan: number;
  readonly items: FrozenRef;
}

/** What the new list has in common with the earlier ones. */
export interface Match {
  /** By ascending `to`, not overlapping. */
  readonly moves: Move[];
  /** Number of items of the latest earlier plan that are not in the current list. */
  readonly gone: number;
}

/**
 * Joins a new list with the earlier ones, latest first, by key: each position is traced to the latest earlier plan that
 * has its key. Exact. Memory grows with the number of moves and with what is left of the current list behind the items
 * with which the latest earlier one begins as well: 12 to 24 bytes an item, and 64 MB of keys at most.
 */
export async function matchItems({ current, earlier }: { current: FrozenRef; earlier: readonly EarlierItems[] }): Promise<Match> {
  const now = openItemsReader(current);
  try {
    const lookup = lazyLookup(current, now);
    let moves: Move[] = [];
    let gone = 0;
    for (const [age, { plan, items }] of earlier.entries()) {
      const before = openItemsReader(items);
      try {
        if (age === 0 && typeof current === 'string' && typeof items === 'string') moves = commonStart(now, before, plan);
        const open = gaps(moves, now.count);
        const found = open.length === 0 ? [] : join({ current, now, items, before, plan, open, lookup });
        moves = moves.concat(found);
        moves.sort((a, b) => a.to - b.to);
        if (age === 0) gone = before.count - moves.reduce((sum, { length }) => sum + length, 0);
      } finally {
        before.close();
      }
    }
    return { moves, gone };
  } finally {
    now.close();
  }
}

interface Join {
  readonly current: FrozenRef;
  readonly now: ItemReader;
  readonly items: FrozenRef;
  readonly before: ItemReader;
  readonly plan: number;
  /** The positions of the current list that are not traced yet. */
  readonly open: readonly Span[];
  readonly lookup: (open: readonly Span[]) => KeyLookup;
}

/** Goes through whichever side is a file; where both are ranges, their overlap says it all. */
function join({ current, now, items, before, plan, open, lookup }: Join): Move[] {
  const log = new MoveLog(plan);
  if (typeof items === 'string') {
    const isOpen = new IntervalSet(open);
    const positionOf = lookup(open);
    for (const { index, key } of before.readKeys()) {
      const to = positionOf(key);
      if (to !== undefined && isOpen.has(to)) log.add(to, index);
    }
  } else if (typeof current === 'string') {
    for (const { index, key } of now.readKeys(open)) {
      const from = positionInRange(items, key);
      if (from !== undefined) log.add(index, from);
    }
  } else {
    const shift = current.start - items.start;
    for (const [start, end] of open) {
      const to = Math.max(start, -shift);
      const length = Math.min(end, before.count - shift) - to;
      if (length > 0) log.addRun(to, to + shift, length);
    }
  }
  return log.end();
}

/** Nearly always the whole list: the same items again, or with more at the end. Needs no memory. */
function commonStart(now: ItemReader, before: ItemReader, plan: number): Move[] {
  const keys = before.readKeys();
  let length = 0;
  for (const { key } of now.readKeys()) {
    const next = keys.next();
    if (next.done || next.value.key !== key) break;
    length++;
  }
  return length > 0 ? [{ to: 0, plan, from: 0, length, step: 1 }] : [];
}

/** Made when it is needed first, for the positions that are open then; later there are only fewer. */
function lazyLookup(current: FrozenRef, now: ItemReader): (open: readonly Span[]) => KeyLookup {
  let lookup: KeyLookup | undefined;
  return (open) => (lookup ??= typeof current === 'string' ? indexKeys(now, open) : (key) => positionInRange(current, key));
}

/** The positions below `count` that no move covers. */
function gaps(moves: readonly Move[], count: number): Span[] {
  const open: Span[] = [];
  let end = 0;
  for (const { to, length } of moves) {
    if (to > end) open.push([end, to]);
    end = to + length;
  }
  if (end < count) open.push([end, count]);
  return open;
}
