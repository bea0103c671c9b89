import { describe, expect, test } from 'vitest';
import { patience, stuckFor } from '../../src/core/health.ts';

const times = (count: number, p99: number): { count: number; quantile: () => number } => ({ count, quantile: () => p99 });

describe('how long an attempt may finish nothing', () => {
  test.each([
    ['five times the p99 of its shard', 20, 2000, 10_000],
    ['five seconds, where its items are quick', 1000, 3, 5000],
    ['as long as it likes, before there are twenty items to tell', 19, 2000, undefined],
  ])('%s', (_, count, p99, expected) => {
    expect(patience(times(count, p99))).toBe(expected);
  });
});

describe('stuck', () => {
  const moved = { movedAt: 1000, heardAt: 19_900, isBusy: true };
  test.each([
    ['an item under way for longer than that', moved, 10_000, 20_000, 19_000],
    ['not yet', moved, 10_000, 11_000, undefined],
    ['not while all that is left waits for another try', { ...moved, isBusy: false }, 10_000, 20_000, undefined],
    ['but with an event loop that is blocked', { ...moved, heardAt: 1200, isBusy: false }, 10_000, 20_000, 19_000],
    ['not before it can be told', moved, undefined, 1e9, undefined],
  ])('%s', (_, movement, limit, now, expected) => {
    expect(stuckFor(movement, limit, now)).toBe(expected);
  });
});
