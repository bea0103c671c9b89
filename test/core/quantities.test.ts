import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  parseDuration,
  parseHalt,
  parseInteger,
  parseSize,
  parseTolerance,
} from '../../src/core/quantities.ts';

const DAY = 86_400_000;

/** The message and the hint of the `UserError` that is thrown. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UserError) return `${error.message}: ${error.hint}`;
    throw error;
  }
  throw new Error('was accepted');
}

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['2s', 2000],
    ['1.5s', 1500],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['1h30m', 5_400_000],
    ['2m5s', 125_000],
    ['1m500ms', 60_500],
    ['3d04h', 3 * DAY + 4 * 3_600_000],
    [' 2S ', 2000],
    ['0', 0],
  ])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(['', 's', '2x', '2s5m', '1..5s', '-2s', '2s 5', 'ms', '1h1h', '٣s', 'Infinitys', '1e3s', '0x10s'])('%j is refused', (text) => {
    expect(refusal(() => parseDuration(text))).toMatch(/is not a duration: .*500ms, 2s, 10m, 1h/);
  });

  test('a plain number is refused with both readings', () => {
    expect(refusal(() => parseDuration('5'))).toMatch(/"5" has no unit: .*5s or 5ms/);
  });

  test('what a timer cannot hold is refused', () => {
    expect(parseDuration('24d')).toBe(24 * DAY);
    expect(refusal(() => parseDuration('25d'))).toMatch(/too long/);
    expect(24 * DAY).toBeLessThan(2 ** 31);
  });

  test.each([
    [0, '0ms'],
    [850, '850ms'],
    [999.6, '1.0s'],
    [47_100, '47.1s'],
    [59_949, '59.9s'],
    [59_950, '1m00s'],
    [273_000, '4m33s'],
    [3_599_600, '1h00m'],
    [3_720_000, '1h02m'],
    [DAY - 1, '1d00h'],
    [3 * DAY + 4 * 3_600_000, '3d04h'],
    [Number.NaN, '?'],
    [-1, '?'],
  ])('%d ms is shown as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  test('what is shown reads back, to the last place that is shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 23 * DAY }), (ms) => {
        const step = ms < 1000 ? 1 : ms < 59_950 ? 100 : ms < 3_599_500 ? 1000 : ms < DAY - 30_000 ? 60_000 : 3_600_000;
        expect(Math.abs(parseDuration(formatDuration(ms)) - ms)).toBeLessThanOrEqual(step / 2);
      }),
    );
  });
});

describe('sizes', () => {
  test.each([
    ['512MB', 512e6],
    ['2GiB', 2 ** 31],
    ['1.5 gb', 1.5e9],
    ['100B', 100],
    ['64KiB', 65_536],
  ])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  test.each(['', 'MB', '5XB', '2G', '1.2.3MB', '-1MB', '99999999TB', '1iB'])('%j is refused', (text) => {
    expect(refusal(() => parseSize(text))).toMatch(/is not a size: .*512MB or 2GiB/);
  });

  test('nothing, and a plain number, are refused', () => {
    expect(refusal(() => parseSize('0MB'))).toMatch(/is nothing/);
    expect(refusal(() => parseSize('512'))).toMatch(/"512" has no unit: .*512MB/);
  });

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1500, '1.5 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [182_345_678, '182 MB'],
    [99_960_000, '100 MB'],
    [2_100_000_000, '2.1 GB'],
  ])('%d bytes are shown as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test('what is shown reads back, within a twentieth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 49 }), (bytes) => {
        expect(Math.abs(parseSize(formatBytes(bytes)) / bytes - 1)).toBeLessThanOrEqual(0.05);
      }),
    );
  });
});

describe('numbers and amounts', () => {
  test('whole numbers', () => {
    expect(parseInteger('007', 1)).toBe(7);
    expect(parseInteger('0', 0)).toBe(0);
    expect(refusal(() => parseInteger('0', 1))).toBe('"0" is too small: write a whole number, 1 or more');
    expect(refusal(() => parseInteger('-3', 0))).toBe('"-3" is too small: write a whole number, 0 or more');
    expect(refusal(() => parseInteger('9007199254740993', 1))).toMatch(/too large/);
    for (const text of ['', 'abc', '1.5', '1e3', '0x10', 'NaN', '1_000', '１'])
      expect(refusal(() => parseInteger(text, 1))).toMatch(/is not a whole number/);
  });

  test('tolerances', () => {
    expect(parseTolerance('5')).toEqual({ count: 5 });
    expect(parseTolerance('0')).toEqual({ count: 0 });
    expect(parseTolerance('2%')).toEqual({ percent: 2 });
    expect(parseTolerance('0.5 %')).toEqual({ percent: 0.5 });
    for (const text of ['', '%', '101%', '1.5', '-1', 'all', '5%%'])
      expect(refusal(() => parseTolerance(text))).toMatch(/such as 5, .* 2%/);
  });

  test('when to give up', () => {
    expect(parseHalt('now,fail=3')).toEqual({ when: 'now', fail: { count: 3 } });
    expect(parseHalt('soon,fail=10%')).toEqual({ when: 'soon', fail: { percent: 10 } });
    for (const text of ['', 'now', 'later,fail=3', 'now,success=3', 'now,fail=', 'now fail=3'])
      expect(refusal(() => parseHalt(text))).toMatch(/soon,fail=3/);
    expect(refusal(() => parseHalt('now,fail=x'))).toMatch(/not an amount/);
    expect(refusal(() => parseHalt('now,fail=0'))).toMatch(/before the first failure/);
  });

  test('counts have separators', () => {
    expect([0, 999, 1000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
  });
});
