import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRate, eta, perSecond, type Rate, sampleRate } from '../../src/core/progress.ts';

/** Samples every `step` ms from `from` to `to`; `count` says how many items are done at a time. */
function watch(rate: Rate, from: number, to: number, step: number, count: (now: number) => number): Rate {
  let next = rate;
  for (let now = from; now <= to; now += step) next = sampleRate(next, now, count(now));
  return next;
}

/** A batch of 200 every 47 s. */
const inBatches = (now: number): number => Math.floor(now / 47_000) * 200;

describe('perSecond', () => {
  it('is unknown without evidence: at the start, before an item is done, within the first second', () => {
    const begun = sampleRate(createRate(), 0, 0);
    expect(perSecond(createRate())).toBeNull();
    expect(perSecond(begun)).toBeNull();
    expect(perSecond(sampleRate(begun, 60_000, 0))).toBeNull();
    expect(perSecond(sampleRate(begun, 999, 7))).toBeNull();
    expect(perSecond(sampleRate(begun, 1000, 7))).toBeCloseTo(7);
  });

  it('does not count what earlier sessions have done', () => {
    const resumed = watch(createRate(), 0, 60_000, 250, (now) => 3000 + Math.floor(now / 1000));
    expect(perSecond(resumed)).toBeCloseTo(1, 1);
  });

  it('finds the speed of an even run, whatever the speed and however often it is sampled', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 5000, noNaN: true }), fc.integer({ min: 50, max: 2000 }), (speed, step) => {
        const end = Math.max(60_000, (100 / speed) * 1000);
        const wide = Math.max(step, Math.ceil(end / 2000));
        const found = perSecond(watch(createRate(), 0, end, wide, (now) => Math.floor((now / 1000) * speed)));
        expect(found).toBeGreaterThan(speed * 0.9);
        expect(found).toBeLessThan(speed * 1.1);
      }),
      { numRuns: 50 },
    );
  });

  it('stays steady when the items come in bursts', () => {
    let rate = watch(createRate(), 0, 600_000, 250, inBatches);
    const speeds: number[] = [];
    for (let now = 600_250; now < 800_000; now += 250) {
      rate = sampleRate(rate, now, inBatches(now));
      speeds.push(perSecond(rate) ?? 0);
    }
    expect(Math.min(...speeds)).toBeGreaterThan((200 / 47) * 0.8);
    expect(Math.max(...speeds)).toBeLessThan((200 / 47) * 1.2);
  });

  it('follows a change of speed within two minutes', () => {
    const slow = watch(createRate(), 0, 600_000, 250, (now) => Math.floor(now / 100));
    const fast = watch(slow, 600_250, 720_000, 250, (now) => 6000 + Math.floor((now - 600_000) / 10));
    expect(perSecond(slow)).toBeCloseTo(10, 0);
    expect(perSecond(fast)).toBeGreaterThan(95);
  });

  it('falls towards zero while nothing moves, looked at often or once', () => {
    const moving = watch(createRate(), 0, 60_000, 250, (now) => Math.floor(now / 100));
    expect(perSecond(watch(moving, 60_250, 360_000, 250, () => 600))).toBeLessThan(0.01);
    expect(perSecond(sampleRate(moving, 360_000, 600))).toBeLessThan(0.01);
  });

  it('does not count work twice that was lost and is done again', () => {
    let rate = sampleRate(createRate(), 0, 0);
    rate = sampleRate(rate, 10_000, 100);
    rate = sampleRate(rate, 10_001, 0);
    rate = sampleRate(rate, 20_000, 100);
    expect(perSecond(rate)).toBeLessThan(6);
  });

  it('is null or a finite number of zero or more for any samples, even if the clock goes back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 1e9 }), fc.nat(1e7)), { minLength: 1 }), (samples) => {
        let rate = createRate();
        for (const [now, done] of samples) {
          rate = sampleRate(rate, now, done);
          const found = perSecond(rate) ?? 0;
          expect(Number.isFinite(found) && found >= 0).toBe(true);
        }
      }),
    );
  });
});

describe('eta', () => {
  it('is what is left over the rate', () => {
    expect(eta(600, 12)).toBe(50);
    expect(eta(0, null)).toBe(0);
    expect(eta(0, 12)).toBe(0);
  });

  it('is unknown without a rate, or when it says only that nothing moves', () => {
    expect(eta(5, null)).toBeNull();
    expect(eta(5, 0)).toBeNull();
    expect(eta(5, Number.NaN)).toBeNull();
    expect(eta(5, 1e-9)).toBeNull();
  });
});
