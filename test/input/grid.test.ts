import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Span } from '../../src/core/intervals.ts';
import { combinationCount, type Grid, keySuffix } from '../../src/core/grid.ts';
import { findKeys, gridReader } from '../../src/input/grid-reader.ts';
import { matchProducts } from '../../src/input/match-grid.ts';
import { rangeReader } from '../../src/input/reader.ts';

const GRID: Grid = [
  { name: 'a', values: ['x', 'y'] },
  { name: 'b', values: [1, 2] },
];

test('items that are written once are read for each combination, from any position to any other', () => {
  const reader = gridReader(rangeReader(10, 13), GRID);
  expect(reader.count).toBe(12);
  const all = [...reader.readKeys()].map(({ key }) => key);
  expect(all).toEqual(['x/b=1', 'x/b=2', 'y/b=1', 'y/b=2'].flatMap((which) => ['10', '11', '12'].map((item) => `${item}/a=${which}`)));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(12), fc.nat(12))), (pairs) => {
      const spans = pairs.map(([a, b]): Span => [Math.min(a, b), Math.max(a, b)]);
      const wanted = spans.flatMap(([start, end]) => all.slice(start, end).map((key, at) => ({ index: start + at, key })));
      const read = [...reader.read(spans)];
      expect(read.map(({ index, key }) => ({ index, key }))).toEqual(wanted);
      expect([...reader.readKeys(spans)]).toEqual(wanted);
      for (const { index, item, swept } of read) {
        expect(item).toBe(String(10 + (index % 3)));
        expect(swept).toEqual({ combination: Math.floor(index / 3), position: index % 3, key: item });
      }
    }),
  );
  for (const [position, key] of all.entries()) expect(reader.keyAt(position)).toBe(key);
  expect(() => [...reader.read([[0, 13]])]).toThrow(RangeError);
});

test('keys: an item means all of its combinations, and one with a combination only that', () => {
  const base = rangeReader(0, 5);
  expect(findKeys(base, GRID, ['3', '1/a=y/b=1'])).toMatchObject({
    spans: [3, 8, 11, 13, 18].map((at) => [at, at + 1]),
    missing: undefined,
  });
  expect(findKeys(base, GRID, ['1/a=z/b=1']).missing).toBe('1/a=z/b=1');
  expect(findKeys(base, GRID, ['7/a=y/b=1']).missing).toBe('7/a=y/b=1');
  expect(findKeys(base, undefined, ['4'])).toMatchObject({ spans: [[4, 5]], missing: undefined });
});

test('every position is traced to the latest earlier plan that has its item and its combination', async () => {
  const plan = fc.record({
    start: fc.nat(4),
    length: fc.nat(5),
    values: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 4 }), async (plans) => {
      const all = plans.map(({ start, length, values }, number) => {
        const grid: Grid = [{ name: 'v', values }];
        const items = { start, end: start + length };
        return { plan: number, items, each: length, grid, keys: keysOf(items, grid) };
      });
      const [current, ...earlier] = all.toReversed();
      if (!current) return;
      const { moves, gone } = await matchProducts(current, earlier);
      const traced = current.keys.map(() => 'nowhere');
      for (const { to, plan: number, from, length, step } of moves) {
        for (let at = 0; at < length; at++) {
          expect(traced[to + at]).toBe('nowhere');
          traced[to + at] = `${number}:${all[number]?.keys[from + at * step]}`;
        }
      }
      expect(traced).toEqual(
        current.keys.map((key) => {
          const found = earlier.find(({ keys }) => keys.includes(key));
          return found ? `${found.plan}:${key}` : 'nowhere';
        }),
      );
      expect(moves.map(({ to }) => to)).toEqual(moves.map(({ to }) => to).toSorted((a, b) => a - b));
      expect(gone).toBe((earlier[0]?.keys ?? []).filter((key) => !current.keys.includes(key)).length);
    }),
  );
});

function keysOf({ start, end }: { start: number; end: number }, grid: Grid): string[] {
  return Array.from({ length: combinationCount(grid) }, (_, number) => keySuffix(grid, number)).flatMap((suffix) =>
    Array.from({ length: end - start }, (_, at) => `${start + at}${suffix}`),
  );
}
