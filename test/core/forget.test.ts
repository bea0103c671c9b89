import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { brief } from '../../src/core/brief.ts';
import { forget } from '../../src/core/forget.ts';
import type { Span } from '../../src/core/intervals.ts';

const position = fc.nat(60);
const spans = fc.array(
  fc.tuple(position, fc.nat(20)).map(([start, length]): Span => [start, start + length]),
  { maxLength: 5 },
);

test('forget takes what lies in the spans, however many entries and positions there are', () => {
  fc.assert(
    fc.property(fc.uniqueArray(position), spans, (keys, taken) => {
      const map = new Map(keys.map((key) => [key, key]));
      forget(map, taken);
      expect([...map.keys()]).toEqual(keys.filter((key) => !taken.some(([start, end]) => key >= start && key < end)));
    }),
  );
});

test('forget does not walk a large map for a few positions', () => {
  class Unwalked extends Map<number, unknown> {
    override keys(): never {
      throw new Error('walked');
    }
  }
  const map = new Unwalked([1, 2, 3].map((key) => [key, key]));
  forget(map, [[2, 3]]);
  expect(map.size).toBe(2);
});

test('brief keeps the beginning, in whole characters', () => {
  expect([brief('abc', 3), brief('abcd', 3), brief('a🐎bc', 3)]).toEqual(['abc', 'ab…', 'a…']);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 12 }), (text, length) => {
      const short = brief(text, length);
      expect(short.length).toBeLessThanOrEqual(length);
      expect(short === text || (short.endsWith('…') && text.startsWith(short.slice(0, -1)))).toBe(true);
      expect(short.isWellFormed()).toBe(text.isWellFormed());
    }),
  );
});
