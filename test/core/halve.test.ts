import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoff } from '../../src/core/backoff.ts';
import { behind, restOf } from '../../src/core/halve.ts';
import { IntervalSet, type Span } from '../../src/core/intervals.ts';

const spans = fc
  .array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 12 })), { maxLength: 6 })
  .map((pairs) => new IntervalSet(pairs.map(([start, length]): Span => [start, start + length])).spans());
const listOf = (all: readonly Span[]): number[] =>
  all.flatMap(([start, end]) => Array.from({ length: end - start }, (_, at) => start + at));

describe('giving work away', () => {
  test('what is left between two positions', () => {
    fc.assert(
      fc.property(spans, fc.integer({ min: -1, max: 80 }), fc.oneof(fc.nat(80), fc.constant(Infinity)), (all, from, to) => {
        const { rest, count } = restOf(all, from, to);
        const expected = listOf(all).filter((position) => position >= from && position < to);
        expect(listOf(rest)).toEqual(expected);
        expect(count).toBe(expected.length);
        for (const [start, end] of rest) expect(end).toBeGreaterThan(start);
      }),
    );
  });

  test('everything behind the first so many', () => {
    fc.assert(
      fc.property(spans, fc.nat(80), (all, keep) => {
        expect(listOf(behind(all, keep))).toEqual(listOf(all).slice(keep));
      }),
    );
  });
});

test('the pause before another try: 1 s, doubling, at most 30 s', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 60].map(backoff)).toEqual([1000, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});
