import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget, type DayCount } from '../../../src/core/budget.ts';
import { type BudgetSpec, parseRate } from '../../../src/core/budget-spec.ts';
import { type BudgetView, formatBudget } from '../../../src/core/budget-view.ts';
import { Pace, type Pacer } from '../../../src/core/pace.ts';
import { type Fate, mostIn, play, type WorldOptions } from './world.ts';

const spec = (rates: readonly string[], more: Partial<BudgetSpec> = {}): BudgetSpec => ({
  limits: rates.map((rate) => parseRate(rate)),
  adaptive: false,
  ...more,
});
const world = (options: Partial<WorldOptions> & Pick<WorldOptions, 'spec'>): ReturnType<typeof play> =>
  play({
    share: 1,
    children: 4,
    each: 8,
    cost: () => ({ requests: 1, tokens: 0 }),
    fate: () => ({ late: 1 }),
    call: () => ({ ms: 20, outcome: { status: 200 } }),
    until: 10_000,
    ...options,
  });

/** How many calls are made in two minutes of 6,000 tokens that were estimated at 100 and used so many. */
const real = (tokens: number): number =>
  world({
    spec: spec(['6000tokens/min']),
    cost: () => ({ requests: 1, tokens: 100 }),
    call: () => ({ ms: 5, outcome: { status: 200, tokens } }),
    until: 120_000,
  }).fired.length;

const fates = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ late: fc.double({ min: 0, max: 25, noNaN: true }) }) },
    { weight: 1, arbitrary: fc.constant<Fate>('returned') },
    { weight: 1, arbitrary: fc.constant<Fate>('dies') },
  ),
  { minLength: 20, maxLength: 60 },
);

describe('P8: the budget is never exceeded, over any window', () => {
  it('whatever the limits, the lateness, the calls handed back, the children that die', () => {
    fc.assert(
      fc.property(
        fc.record({
          perSecond: fc.option(fc.integer({ min: 1, max: 400 })),
          perMinute: fc.option(fc.integer({ min: 1, max: 2000 })),
          tokens: fc.option(fc.integer({ min: 500, max: 100_000 })),
          minDelay: fc.option(fc.integer({ min: 1, max: 300 }), { freq: 3 }),
          maxInFlight: fc.option(fc.integer({ min: 1, max: 10 }), { freq: 3 }),
          share: fc.constantFrom(1, 0.95, 0.5),
          children: fc.integer({ min: 1, max: 6 }),
          each: fc.integer({ min: 1, max: 20 }),
          costs: fc.array(fc.record({ requests: fc.integer({ min: 1, max: 1 }), tokens: fc.integer({ min: 0, max: 400 }) }), {
            minLength: 1,
          }),
          ms: fc.integer({ min: 1, max: 200 }),
          fates,
        }),
        ({ perSecond, perMinute, tokens, minDelay, maxInFlight, share, children, each, costs, ms, fates: all }) => {
          const rates = [
            ...(perSecond === null ? [] : [`${perSecond}/s`]),
            ...(perMinute === null ? [] : [`${perMinute}/min`]),
            ...(tokens === null ? [] : [`${tokens}tokens/min`]),
          ];
          const more = { ...(minDelay === null ? {} : { minDelay }), ...(maxInFlight === null ? {} : { maxInFlight }) };
          // Without any limit there would be nothing to look at.
          fc.pre(rates.length > 0 || minDelay !== null);
          const { fired, most } = world({
            spec: spec(rates, more),
            share,
            children,
            each,
            cost: (id) => costs[id % costs.length] ?? { requests: 1, tokens: 0 },
            call: () => ({ ms, outcome: { status: 200 } }),
            fate: (n) => all[n % all.length] ?? { late: 0 },
            until: 3000,
          });
          if (perSecond !== null) expect(mostIn(fired, 1000)).toBeLessThanOrEqual(perSecond);
          if (perMinute !== null) expect(mostIn(fired, 60_000)).toBeLessThanOrEqual(perMinute);
          if (tokens !== null) expect(mostIn(fired, 60_000, 'tokens')).toBeLessThanOrEqual(tokens);
          if (minDelay !== null) expect(mostIn(fired, minDelay)).toBeLessThanOrEqual(1);
          // What a dead child had in flight goes on, and nobody counts it any more.
          if (maxInFlight !== null && !all.includes('dies')) expect(most).toBeLessThanOrEqual(maxInFlight);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('uses what it may: 97 % of limit × share, or 94 % where children are blocked and hand calls back', () => {
    for (const [perSecond, share] of [
      [100, 1],
      [100, 0.95],
      [1000, 1],
      [20, 0.95],
      [5, 0.95],
    ] as const) {
      const { fired } = world({ spec: spec([`${perSecond}/s`]), share, each: 32 });
      expect(fired.length / 10).toBeGreaterThan(0.97 * perSecond * share - 1);
      expect(mostIn(fired, 1000)).toBeLessThanOrEqual(perSecond >= 20 ? Math.ceil(1.03 * perSecond * share) : perSecond);
    }
    const blocked = world({ spec: spec(['100/s']), each: 32, fate: (n) => (n % 25 === 0 ? 'returned' : { late: n % 20 }) });
    expect(blocked.fired.length / 10).toBeGreaterThan(94);
    expect(mostIn(blocked.fired, 1000)).toBeLessThanOrEqual(100);
    const delayed = world({ spec: spec([], { minDelay: 50 }), each: 4 });
    expect(delayed.fired.length / 10).toBeGreaterThan(0.97 * 20);
  });

  it('goes evenly, not in bursts: no more than a fifth of a second in a tenth of one', () => {
    const { fired } = world({ spec: spec(['100/s', '3000/min']), each: 64 });
    expect(mostIn(fired, 100)).toBeLessThanOrEqual(13);
    expect(fired.length / 10).toBeLessThanOrEqual(50.5);
  });
});

describe('sharing', () => {
  it('is fair between children, however many calls each wants', () => {
    const { fired } = world({ spec: spec(['200/s']), children: 8, each: 16 });
    const counts = Array.from({ length: 8 }, (_, child) => fired.filter((call) => call.child === child).length);
    const jain = counts.reduce((a, b) => a + b, 0) ** 2 / (8 * counts.reduce((a, b) => a + b * b, 0));
    expect(jain).toBeGreaterThan(0.99);
  });

  it('gives what dead children held back at once', () => {
    let dead = 0;
    const { fired } = world({ spec: spec(['100/s']), each: 16, fate: (n) => (n % 100 === 99 && ++dead ? 'dies' : { late: 1 }) });
    expect(dead).toBeGreaterThan(5);
    expect(fired.length / 10).toBeGreaterThan(93);
  });

  it('tokens are corrected when the call tells, up and down', () => {
    // 6,000 a minute: by the estimate 60 calls; what they really use decides.
    expect(real(100)).toBeGreaterThan(114);
    expect(real(100)).toBeLessThanOrEqual(121);
    expect(real(50)).toBeGreaterThan(210);
    expect(real(200)).toBeLessThan(66);
  });
});

describe('when the API says no', () => {
  it('nobody calls until Retry-After is over, then at once', () => {
    const { fired } = world({
      spec: spec(['100/s']),
      call: (at) => ({ ms: 10, outcome: at > 3000 && at < 3010 ? { status: 429, retryAfterMs: 1000 } : { status: 200 } }),
    });
    const answer = 10 + (fired.find(({ outcome }) => outcome.status === 429)?.at ?? 0);
    const after = fired.map(({ at }) => at - answer).filter((ms) => ms > 25);
    expect(Math.min(...after)).toBeGreaterThanOrEqual(1000);
    expect(Math.min(...after)).toBeLessThan(1050);
  });

  it('finds a limit of half of what was configured: at least 80 % of it used, under 2 % refused after the first 10 s', () => {
    const window: number[] = [];
    const { fired } = world({
      spec: spec(['100/s'], { adaptive: true }),
      share: 0.95,
      each: 16,
      until: 60_000,
      // It counts over a sliding second, on arrival, and says no beyond 50.
      call: (at) => {
        while ((window[0] ?? Infinity) <= at - 1000) window.shift();
        if (window.length >= 50) return { ms: 20, outcome: { status: 429 } };
        window.push(at);
        return { ms: 20, outcome: { status: 200 } };
      },
    });
    const late = fired.filter(({ at }) => at > 11_000);
    const refused = late.filter(({ outcome }) => outcome.status === 429).length;
    expect(refused / late.length).toBeLessThan(0.02);
    expect((late.length - refused) / 50 / 50).toBeGreaterThan(0.8);
  });

  it('returns to the full rate when there is no more 429', () => {
    const { fired, budget } = world({
      spec: spec(['100/s'], { adaptive: true }),
      until: 120_000,
      call: (at) => ({ ms: 10, outcome: { status: at < 3000 ? 429 : 200 } }),
    });
    expect(budget.view(121_000).factor).toBe(1);
    expect(fired.filter(({ at }) => at > 111_000).length / 10).toBeGreaterThan(97);
  });
});

it('says when the next call may leave only where the day is used up', () => {
  const cost = { requests: 1, tokens: 0 };
  const viewOf = (pacer: Pacer, day?: DayCount): BudgetView => {
    const budget = new Budget('default', spec(['5/s']), pacer, day);
    budget.ask(0, 1, cost, 0);
    budget.grants(0);
    return budget.view(1000);
  };
  // Waits for a lease from Redis, which nobody can foresee; waits for two minutes; for an API's pause.
  const leased = new Pace(spec(['5/s']), 1);
  leased.next = () => ({ at: Infinity, firm: true });
  const late = new Pace(spec([], { minDelay: 120_000 }), 1);
  late.take(cost, 0);
  const paused = new Pace(spec(['5/s']), 1);
  paused.hold(120_000);
  for (const pacer of [leased, late, paused]) {
    const view = viewOf(pacer);
    expect([view.freeAt, view.limitedBy]).toEqual([null, 'rate']);
    expect(formatBudget(view)).not.toContain('no call before');
  }
  const day: DayCount = { used: () => cost, take: () => 3_600_000, giveBack: () => undefined };
  expect(viewOf(new Pace(spec(['5/s']), 1), day)).toMatchObject({ freeAt: 3_600_000, limitedBy: 'day' });
});

it('a call that is no longer wanted gives its place to the next', () => {
  const budget = new Budget('default', spec(['1/s']), new Pace(spec(['1/s']), 1));
  for (const id of [1, 2, 3]) budget.ask(0, id, { requests: 1, tokens: 0 }, 0);
  expect(budget.grants(0).grants).toMatchObject([{ id: 1, at: 0 }]);
  budget.returned(0, 1, 1, false);
  budget.returned(0, 2, 1, false);
  expect(budget.grants(2).grants).toMatchObject([{ id: 3 }]);
  expect(budget.view(200)).toMatchObject({ waiting: 0, inFlight: 1, limitedBy: null });
});
