import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIndexSet, looksLikeIndexSet, parseIndexSet } from '../../src/core/index-set.ts';
import type { Span } from '../../src/core/intervals.ts';

const indexesOf = (spans: readonly Span[]): number[] =>
  spans.flatMap(([start, end]) => Array.from({ length: end - start }, (_, at) => start + at));

describe('index sets', () => {
  test('are read into sorted, disjoint, half-open spans', () => {
    expect(parseIndexSet('0,3,5-9')).toEqual([
      [0, 1],
      [3, 4],
      [5, 10],
    ]);
    expect(parseIndexSet('9,5-7, 6-8 ,0')).toEqual([
      [0, 1],
      [5, 10],
    ]);
    expect(parseIndexSet('1-3,4-5')).toEqual([[1, 6]]);
    expect(parseIndexSet('7-7')).toEqual([[7, 8]]);
    expect(parseIndexSet('0-999999999999')).toEqual([[0, 1_000_000_000_000]]);
  });

  test('are written with runs of three and more as ranges', () => {
    expect(
      formatIndexSet([
        [0, 1],
        [3, 5],
        [7, 10],
      ]),
    ).toBe('0,3,4,7-9');
    expect(
      formatIndexSet([
        [5, 10],
        [0, 1],
        [9, 12],
      ]),
    ).toBe('0,5-11');
    expect(formatIndexSet([])).toBe('');
  });

  test.each([
    ['', '""'],
    ['1,,2', '""'],
    ['1,x', '"x"'],
    ['-1', '"-1"'],
    ['1-', '"1-"'],
    ['1-2-3', '"1-2-3"'],
    ['1.5', '"1.5"'],
    ['0x1', '"0x1"'],
    ['1..3', '"1..3"'],
    ['1234567890123456', '"1234567890123456"'],
  ])('%j is refused, naming the part', (text, part) => {
    expect(() => parseIndexSet(text)).toThrow(new RegExp(`^${part.replaceAll('.', '\\.')} is not an index`));
  });

  test('ranges that run backwards are refused', () => {
    expect(() => parseIndexSet('0,9-5')).toThrow(
      expect.objectContaining({ name: 'UserError', message: '"9-5" runs backwards', hint: 'write 5-9' }),
    );
  });

  test.each([
    [0, 'there are none'],
    [1, 'the only shard is 0'],
    [8, 'the last shard is 7'],
  ])('of %d, indexes beyond are refused', (count, hint) => {
    const message = `"0-${count}": there is no shard ${count}`;
    expect(() => parseIndexSet(`0-${count}`, { count, what: 'shard' })).toThrow(expect.objectContaining({ message, hint }));
    if (count > 0) expect(parseIndexSet(`0-${count - 1}`, { count })).toEqual([[0, count]]);
  });

  test('what is written reads back as the same set', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(60), { minLength: 1 }), (indexes) => {
        const text = formatIndexSet(indexes.map((index) => [index, index + 1]));
        expect(indexesOf(parseIndexSet(text))).toEqual(indexes.toSorted((a, b) => a - b));
        expect(looksLikeIndexSet(text)).toBe(true);
        expect(formatIndexSet(parseIndexSet(text))).toBe(text);
      }),
    );
  });

  test('what looks like one is told from names', () => {
    expect(['0', '0,3', '5-9', '12,'].every(looksLikeIndexSet)).toBe(true);
    expect(['', 'run-1', '-1', '2024-run', 'a,b', ','].some(looksLikeIndexSet)).toBe(false);
  });
});
