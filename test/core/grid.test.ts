import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { axesOf, changedGrid, combinationAt, combinationCount, combinationText, type Grid, keySuffix } from '../../src/core/grid.ts';

const GRID: Grid = [
  { name: 'refill', values: ['60', '180'] },
  { name: 'size', values: [1, 2, 3] },
];

test('combinations: the first parameter varies slowest', () => {
  expect(combinationCount(GRID)).toBe(6);
  expect(Array.from({ length: 6 }, (_, number) => combinationText(GRID, number))).toEqual([
    'refill=60 size=1',
    'refill=60 size=2',
    'refill=60 size=3',
    'refill=180 size=1',
    'refill=180 size=2',
    'refill=180 size=3',
  ]);
  expect(combinationAt(GRID, 4)).toEqual({ refill: '180', size: 2 });
  expect(keySuffix(GRID, 4)).toBe('/refill=180/size=2');
  expect(combinationCount()).toBe(1);
});

test('no two items and combinations have the same key', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '/', '=', '%', ',', '2', 'F') });
  const nonEmpty = text.filter((value) => value !== '');
  fc.assert(
    fc.property(
      fc.uniqueArray(nonEmpty, { minLength: 1, maxLength: 2 }),
      fc.uniqueArray(nonEmpty, { minLength: 2, maxLength: 4 }),
      fc.uniqueArray(text, { minLength: 1, maxLength: 6 }),
      (names, values, items) => {
        const grid = names.map((name) => ({ name, values }));
        const keys = items.flatMap((item) => Array.from({ length: combinationCount(grid) }, (_, at) => item + keySuffix(grid, at)));
        expect(new Set(keys).size).toBe(items.length * combinationCount(grid));
        // The command line parts keys at commas.
        for (const [at] of keys.entries()) expect(keySuffix(grid, at % combinationCount(grid))).not.toContain(',');
      },
    ),
  );
});

describe('a grid is refused', () => {
  test.each([
    [{ a: [] }, 'there are no values'],
    [{ a: ['1', ''] }, 'a value is empty'],
    [{ a: ['1', 1] }, '"1" is there twice'],
    [{ a: [undefined] }, 'a value is missing'],
    [{ a: 'text' }, 'are not a list'],
    [{ '': ['1'] }, 'has no name'],
    [{ a: Array.from({ length: 1001 }, (_, n) => n), b: Array.from({ length: 1000 }, (_, n) => n) }, '1001000 combinations'],
  ])('%#', (given, message) => {
    expect(() => axesOf(given as never)).toThrow(message);
  });
});

test('a later session changes values, not parameters', () => {
  expect(changedGrid(GRID, { size: [3, 9] })).toEqual([GRID[0], { name: 'size', values: [3, 9] }]);
  expect(changedGrid([{ name: 'yearsBack', values: ['1'] }], { 'years-back': ['2'] })).toEqual([{ name: 'yearsBack', values: ['2'] }]);
  expect(() => changedGrid(GRID, { other: [1] })).toThrow('the run does not sweep it');
  expect(() => changedGrid(undefined, { other: [1] })).toThrow('the run does not sweep it');
});
