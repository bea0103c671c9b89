import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBudget, parseHeadroom, parseRate } from '../../../src/core/budget-spec.ts';
import { type BudgetView, formatBudget, lightOf } from '../../../src/core/budget-view.ts';
import { pauseOf } from '../../../src/core/rate-headers.ts';
import { Usage } from '../../../src/core/usage.ts';

describe('what the user writes', () => {
  it('rates, budgets, headroom', () => {
    expect(parseRate('8/s')).toEqual({ max: 8, windowMs: 1000, unit: 'request' });
    expect(parseRate(' 1000/min')).toEqual({ max: 1000, windowMs: 60_000, unit: 'request' });
    expect(parseRate('90000tokens/min')).toEqual({ max: 90_000, windowMs: 60_000, unit: 'token' });
    expect(parseRate('50/day').windowMs).toBe(86_400_000);
    expect(parseBudget('gemini:8/s,1000/min,delay=50ms,in-flight=4,adaptive=off')).toEqual({
      name: 'gemini',
      spec: { limits: [parseRate('8/s'), parseRate('1000/min')], minDelay: 50, maxInFlight: 4, adaptive: false },
    });
    expect(parseHeadroom('5%')).toBe(0.05);
  });

  it('refuses what would allow nothing, and what it does not understand', () => {
    for (const text of ['0/s', '-3/min', '0tokens/min']) expect(() => parseRate(text)).toThrow('would allow nothing');
    for (const text of ['8', '8/h', '8/', '/s', '1.5/s', '8/s/s', '']) expect(() => parseRate(text)).toThrow();
    for (const text of ['gemini', 'a:8', 'a:delay=0', 'a:in-flight=0', 'a:speed=3', ':8/s']) expect(() => parseBudget(text)).toThrow();
    for (const text of ['5', '-1%', '95%', '%']) expect(() => parseHeadroom(text)).toThrow();
  });
});

describe('what an API answers', () => {
  const now = Date.parse('2026-11-22T03:00:00Z');
  const pause = (headers: Record<string, string>, status?: number): number | undefined => pauseOf((name) => headers[name], status, now);

  it('Retry-After in seconds, as a date, in milliseconds', () => {
    expect(pause({ 'retry-after': '2' }, 429)).toBe(2000);
    expect(pause({ 'retry-after': 'Sun, 22 Nov 2026 03:00:30 GMT' }, 503)).toBe(30_000);
    expect(pause({ 'retry-after': 'Sun, 22 Nov 2026 02:00:00 GMT' }, 429)).toBe(0);
    expect(pause({ 'retry-after-ms': '120', 'retry-after': '9' }, 429)).toBe(120);
    expect(pause({ 'retry-after': 'soon' }, 429)).toBeUndefined();
    // Of a redirection or a 201 it says something else.
    expect(pause({ 'retry-after': '2' }, 201)).toBeUndefined();
  });

  it('nothing left of a limit, in the spellings that are about; the longest counts', () => {
    expect(pause({ 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '5' })).toBeUndefined();
    expect(pause({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '5' })).toBe(5000);
    expect(pause({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 + 60) })).toBe(60_000);
    const openai = {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
    };
    expect(pause(openai, 200)).toBe(360_000);
    const anthropic = { 'anthropic-ratelimit-requests-remaining': '0', 'anthropic-ratelimit-requests-reset': '2026-11-22T03:00:10Z' };
    expect(pause(anthropic)).toBe(10_000);
  });

  it('never throws, never gives a negative time', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(pause({ 'retry-after': a, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': b }, 429) ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('the monitor', () => {
  it('counts the last minute, to a tenth of a second, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 180_000 }), { maxLength: 200 }), (times) => {
        const usage = new Usage();
        const sorted = times.toSorted((a, b) => a - b);
        for (const at of sorted) usage.add(at, 1);
        const now = sorted.at(-1) ?? 0;
        const within = (ms: number): number => sorted.filter((at) => at > now - ms).length;
        expect(usage.sum(now)).toBeGreaterThanOrEqual(within(59_900));
        expect(usage.sum(now)).toBeLessThanOrEqual(within(60_000));
      }),
    );
  });

  it('says in a line who is the bottleneck', () => {
    expect([69.9, 70, 90, 90.1].map(lightOf)).toEqual(['green', 'yellow', 'yellow', 'red']);
    const view: BudgetView = {
      name: 'default',
      rpm: 58,
      rpmLimit: 60,
      tpm: 0,
      tpmLimit: null,
      day: null,
      percent: 96.7,
      light: 'red',
      throttled: 0,
      pausedMs: 0,
      freeAt: null,
      waiting: 3,
      inFlight: 1,
      limitedBy: 'rate',
      factor: 1,
      totals: { calls: 58, tokens: 0, throttled: 0, waitedMs: 10, mostRpm: 58 },
    };
    expect(formatBudget(view)).toBe('limited by API: 58/60 RPM (97 %, red)');
    expect(formatBudget({ ...view, limitedBy: null, rpm: 12, percent: 20, light: 'green' })).toBe('API 12/60 RPM (20 %, green)');
    const paused = { ...view, name: 'gemini', limitedBy: 'pause', pausedMs: 12_000, throttled: 2, day: { used: 3, limit: 50 } } as const;
    expect(formatBudget(paused)).toBe('limited by gemini: 58/60 RPM, 3/50 today (97 %, red), paused for 12.0s, 429 × 2');
    const usedUp = {
      ...view,
      limitedBy: 'day',
      freeAt: Date.UTC(2026, 10, 23, 6, 8, 1),
      day: { used: 50, limit: 50 },
      percent: 100,
    } as const;
    expect(formatBudget(usedUp)).toBe('limited by API: 58/60 RPM, 50/50 today (100 %, red), no call before 2026-11-23 06:09 UTC');
  });
});
