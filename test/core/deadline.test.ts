import { describe, expect, test } from 'vitest';
import { fitting, momentOf } from '../../src/core/deadline.ts';
import { parseDeadline } from '../../src/core/quantities.ts';

const at = (...parts: [number, number, number, number, number, number?]): number => new Date(...parts).getTime();
const SINCE = at(2026, 10, 22, 16, 0, 30);

const times = (count: number, mean: number, p99: number): { count: number; mean: number; quantile: () => number } => ({
  count,
  mean,
  quantile: () => p99,
});

describe('--deadline', () => {
  test.each([
    ['2h', { after: 7_200_000 }, { at: SINCE + 7_200_000, moves: true }],
    ['17:30', { clock: 1050 }, { at: at(2026, 10, 22, 17, 30), moves: false }],
    ['16:00', { clock: 960 }, { at: at(2026, 10, 23, 16, 0), moves: false }],
    ['0:05', { clock: 5 }, { at: at(2026, 10, 23, 0, 5), moves: false }],
    ['2026-12-24T18:00', { at: at(2026, 11, 24, 18, 0) }, { at: at(2026, 11, 24, 18, 0), moves: false }],
    ['2026-12-24T18:00Z', { at: Date.UTC(2026, 11, 24, 18) }, { at: Date.UTC(2026, 11, 24, 18), moves: false }],
  ])('%s', (text, deadline, moment) => {
    expect(parseDeadline(text)).toEqual(deadline);
    expect(momentOf(deadline, SINCE)).toEqual(moment);
  });

  test.each(['24:00', '12:60', '2026-13-01T10:00', 'tomorrow', '12', '0', ''])('%j is refused', (text) => {
    expect(() => parseDeadline(text)).toThrow(/is not|no unit|no time/);
  });
});

describe('what fits', () => {
  test.each([
    ['anything, as long as nobody knows how long items take', 1000, times(0, 0, 0), 1, Infinity],
    ['nothing once it is over, even so', 0, times(0, 0, 0), 1, 0],
    ['items of a second each, one after the other', 10_000, times(9, 1000, 1000), 1, 9],
    ['one of which may be slow', 10_000, times(9, 1000, 5000), 1, 5],
    ['as many again for each that runs beside them', 10_000, times(9, 1000, 1000), 4, 36],
    ['none where there is not even time for one', 1100, times(9, 1000, 1000), 4, 0],
    ['one where there is', 1200, times(9, 1000, 1000), 1, 1],
  ])('%s', (_, left, all, concurrency, expected) => {
    expect(fitting(left, all, concurrency)).toBe(expected);
  });
});
