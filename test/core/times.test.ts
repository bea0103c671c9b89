import { assert, array, double, property } from 'fast-check';
import { expect, test } from 'vitest';
import { ItemTimes } from '../../src/core/times.ts';

const timesOf = (all: readonly number[]): ItemTimes => {
  const times = new ItemTimes();
  for (const ms of all) times.add(ms);
  return times;
};

test('a quantile is off by a fifth at most, whatever the times', () => {
  assert(
    property(
      array(double({ min: 0.02, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 300 }),
      double({ min: 0.01, max: 1, noNaN: true }),
      (all, q) => {
        const sorted = all.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(q * sorted.length - 1e-9) - 1] ?? Number.NaN;
        const found = timesOf(all).quantile(q);
        expect(found / exact).toBeGreaterThan(0.8);
        expect(found / exact).toBeLessThan(1.25);
      },
    ),
  );
});

test('what is packed and added up is what all together would be', () => {
  const together = new ItemTimes();
  for (const all of [[1, 2, 3], [400, 0, -1, 1e12], []]) together.addPacked(timesOf(all).pack());
  expect(together.count).toBe(7);
  expect(together.mean).toBeCloseTo((6 + 400 - 1 + 1e12) / 7, -1);
  together.addPacked([5, -3, 9, 9999, 1]);
  expect(together.count).toBe(7);
});

test('without any item there is nothing to tell', () => {
  expect([new ItemTimes().mean, new ItemTimes().quantile(0.99), new ItemTimes().pack()]).toEqual([0, 0, [0]]);
});
