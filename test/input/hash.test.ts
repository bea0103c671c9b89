import { expect, test } from 'vitest';
import { TWINS } from './files.ts';
import { hash53 } from '../../src/input/hash.ts';

/** How many of the values occurred before. */
function repeats(values: Float64Array): number {
  values.sort();
  let count = 0;
  for (let at = 1; at < values.length; at++) if (values[at] === values[at - 1]) count++;
  return count;
}

test('the twins of the other tests have the same hash', () => expect(hash53(TWINS[0])).toBe(hash53(TWINS[1])));

const KEYS = 200_000;
const shapes: [string, (at: number) => string][] = [
  ['numbers', String],
  ['tickers', (at) => at.toString(26).padStart(5, 'A')],
  ['dates', (at) => `2020-01-01T00:00:${at / 1000}Z`],
  ['records', (at) => `{"a":"${at % 700}","b":"${Math.floor(at / 700)}"}`],
  ['ideographs', (at) => String.fromCharCode(0x4e00 + (at % 700), 0x4e00 + Math.floor(at / 700))],
];

test.each(shapes)('%s are spread evenly over both halves', (_, shape) => {
  const hashes = Float64Array.from({ length: KEYS }, (__, at) => hash53(shape(at)));
  // A random 32-bit value repeats n²/2³³ = 5 times among so many.
  expect(repeats(hashes.map((hash) => hash >>> 0))).toBeLessThan(20);
  expect(repeats(hashes.map((hash) => Math.floor(hash / 2 ** 21)))).toBeLessThan(20);
  expect(repeats(hashes)).toBe(0);
});

test('is a safe integer', () => {
  for (const text of ['', 'a', '\ud800', 'x'.repeat(10_000)]) {
    expect(Number.isSafeInteger(hash53(text))).toBe(true);
    expect(hash53(text)).toBeGreaterThanOrEqual(0);
  }
});
