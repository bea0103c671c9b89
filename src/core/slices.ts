import type { Span } from './intervals.ts';

/**
 * Cuts `[0, count)` into `parts` contiguous slices whose sizes differ by at most one, larger ones first:
 * 100 over 8 are 13,13,13,13,12,12,12,12. Empty slices are left out.
 */
export function slices(count: number, parts: number): Span[] {
  const size = Math.floor(count / parts);
  const larger = count % parts;
  const spans: Span[] = [];
  let start = 0;
  for (let index = 0; index < Math.min(parts, count); index++) {
    const end = start + size + (index < larger ? 1 : 0);
    spans.push([start, end]);
    start = end;
  }
  return spans;
}

/** The default batch size: a sixteenth of the largest shard, at most 200 items. */
export function defaultBatchSize(count: number, shards: number): number {
  return Math.max(1, Math.min(200, Math.ceil(Math.ceil(count / Math.max(1, shards)) / 16)));
}

/** Number of batches of a shard. */
export function batchesOf([start, end]: Span, batchSize: number): number {
  return Math.ceil((end - start) / batchSize);
}

/** The batch of a shard that a position lies in, from 0. */
export function batchAt([start]: Span, batchSize: number, position: number): number {
  return Math.floor((position - start) / batchSize);
}

/** The shard that a position lies in; shards are contiguous and in order. */
export function shardAt(shards: readonly Span[], position: number): number {
  let low = 0;
  let high = shards.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((shards[middle]?.[1] ?? Infinity) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
