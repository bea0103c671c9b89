import { describe, expect, test } from 'vitest';
import { halts, tolerates } from '../../src/core/halt.ts';

describe('--halt', () => {
  test.each([
    [3, 2, 10, false],
    [3, 3, 10, true],
    [3, 4, 10, true],
    [1, 0, 10, false],
    [1, 1, 1, true],
  ])('fail=%i: after %i of %i: %s', (count, failed, total, expected) => {
    expect(halts({ when: 'now', fail: { count } }, failed, total)).toBe(expected);
  });

  test.each([
    [10, 9, 100, false],
    [10, 10, 100, true],
    [0.5, 4, 1000, false],
    [0.5, 5, 1000, true],
    [100, 2, 3, false],
    [100, 3, 3, true],
    [50, 0, 0, false],
  ])('fail=%i%%: after %i of %i: %s', (percent, failed, total, expected) => {
    expect(halts({ when: 'soon', fail: { percent } }, failed, total)).toBe(expected);
  });
});

describe('--max-failures', () => {
  test.each([
    [{ count: 0 }, 0, 10, true],
    [{ count: 0 }, 1, 10, false],
    [{ count: 3 }, 3, 10, true],
    [{ count: 3 }, 4, 10, false],
    [{ percent: 5 }, 5, 100, true],
    [{ percent: 5 }, 6, 100, false],
    [{ percent: 0 }, 0, 0, true],
    [{ percent: 100 }, 10, 10, true],
    // 7 of 100 in floating point is 7.000000000000001 %
    [{ percent: 7 }, 7, 100, true],
  ])('%j tolerates %i of %i: %s', (tolerance, failed, total, expected) => {
    expect(tolerates(tolerance, failed, total)).toBe(expected);
  });

  test.each([7, 14, 28, 29, 55, 56, 57, 58])('exactly %i %% is within %i %%, whatever the rounding', (percent) => {
    expect(tolerates({ percent }, percent, 100)).toBe(true);
    expect(tolerates({ percent }, percent * 10, 1000)).toBe(true);
    expect(tolerates({ percent }, percent + 1, 100)).toBe(false);
    expect(halts({ when: 'now', fail: { percent } }, percent, 100)).toBe(true);
    expect(halts({ when: 'now', fail: { percent } }, percent - 1, 100)).toBe(false);
  });
});
