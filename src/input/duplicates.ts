import { UserError } from '../core/errors.ts';
import { hash53 } from './hash.ts';
import type { Repeats } from './hash-log.ts';
import type { LineLog } from './line-log.ts';
import { openFrozen } from './reader.ts';

const EXAMPLES = 5;
/** So many suspected keys are held at once; a list with more of them is hopeless anyway, and only its count is from the hashes. */
const MAX_SUSPECTS = 100_000;

/** A key and the first two items that have it. */
interface Pair {
  readonly key: string;
  readonly first: number;
  readonly second: number;
}

/**
 * Refuses a list with a key that is there twice. Equal hashes raise a suspicion, which a second pass over the file proves
 * or clears, so that memory stays at a few bytes an item and the answer is exact.
 */
export function refuseDuplicates(file: string, { hashes, surplus }: Repeats, lines: LineLog): void {
  if (hashes.length === 0) return;
  const seen = new Map<string, number>();
  const pairs: Pair[] = [];
  let proven = 0;
  const reader = openFrozen(file);
  try {
    for (const { index, key } of reader.readKeys()) {
      if (!includes(hashes, hash53(key))) continue;
      const first = seen.get(key);
      if (first === undefined) {
        if (seen.size < MAX_SUSPECTS) seen.set(key, index);
        continue;
      }
      proven++;
      if (pairs.length < EXAMPLES && pairs.every((pair) => pair.key !== key)) pairs.push({ key, first, second: index });
    }
  } finally {
    reader.close();
  }
  if (proven > 0) throw duplicates(pairs, seen.size < MAX_SUSPECTS ? proven : Math.max(proven, surplus), lines);
}

function duplicates(pairs: readonly Pair[], count: number, lines: LineLog): UserError {
  const examples = pairs.map(({ key, first, second }) => `${quoted(key)} (${both(lines, first, second)})`).join(', ');
  const more = count > pairs.length ? ', …' : '';
  const what = count === 1 ? 'an item has the same key as an earlier one' : `${count} items have the same key as an earlier one`;
  const place = pairs[0] && lines.placeOf(pairs[0].second);
  return new UserError(`${what}: ${examples}${more}`, {
    ...(place && { place }),
    hint: 'remove the repeated items, or give a `key` (or --key FIELD) that tells them apart',
  });
}

function both(lines: LineLog, first: number, second: number): string {
  const [a, b] = [lines.placeOf(first)?.line, lines.placeOf(second)?.line];
  return a === undefined || b === undefined ? `items ${first} and ${second}, counted from 0` : `lines ${a} and ${b}`;
}

function quoted(key: string): string {
  return JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key);
}

function includes(sorted: readonly number[], value: number): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === value;
}
