import type { Span } from './intervals.ts';

/**
 * `size` positions of a list of `count`, in order, one at random out of each of `size` equal pieces of it: spread over the list, as
 * neighbours may be alike. The same seed gives the same positions.
 */
export function samplePositions(count: number, size: number, seed: number): Span[] {
  const random = generator(seed);
  const taken = Math.min(size, count);
  return Array.from({ length: taken }, (_, n): Span => {
    const [from, to] = [Math.floor((n * count) / taken), Math.floor(((n + 1) * count) / taken)];
    const at = from + Math.floor(random() * (to - from));
    return [at, at + 1];
  });
}

/** Numbers in [0, 1): mulberry32, of public domain. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
