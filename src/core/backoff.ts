/** Milliseconds to wait before try number `tries + 1` of an item whose child died: 1 s, doubling, at most 30 s. */
export function backoff(tries: number): number {
  return Math.min(30_000, 1000 * 2 ** Math.max(0, tries - 1));
}
