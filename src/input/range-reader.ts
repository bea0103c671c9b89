import { checkSpan, type FrozenItem, type ItemReader } from './item-reader.ts';

/** Reads the half-open range of integers as items: item and key are the number as a string. */
export function rangeReader(start: number, end: number): ItemReader {
  const count = end - start;
  function* read(spans: Iterable<readonly [number, number]>): Generator<FrozenItem, void> {
    for (const [from, to] of spans) {
      checkSpan(from, to, count);
      for (let index = from; index < to; index++) {
        const key = String(start + index);
        yield { index, key, item: key };
      }
    }
  }
  return {
    count,
    read,
    readKeys: (spans = [[0, count]]) => read(spans),
    keyAt(position) {
      checkSpan(position, position + 1, count);
      return String(start + position);
    },
    close: () => undefined,
  };
}

/** The position of a key in a range, or `undefined` when it is not in it. */
export function positionInRange(range: { readonly start: number; readonly end: number }, key: string): number | undefined {
  const value = Number(key);
  // String(value) === key: neither "007" nor "1e3" is the key of an item of a range.
  return value >= range.start && value < range.end && String(value) === key && Number.isInteger(value) ? value - range.start : undefined;
}
