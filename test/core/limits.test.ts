import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, type Limits, type Watched } from '../../src/core/limits.ts';
import { type Held, relieve } from '../../src/core/memory.ts';

const NOW = 1_000_000;
const quiet: Watched = { since: NOW - 100, heardAt: NOW - 50, oldest: null, begun: 1, closing: false, rss: 50e6, told: undefined };
const limits: Limits = { batchTimeout: 60_000, itemTimeout: 10_000, stallTimeout: 5000, maxRss: 100e6 };
const look = (seen: Partial<Watched>, changed: Partial<Limits> = {}): ReturnType<typeof judge> =>
  judge({ ...quiet, ...seen }, { ...limits, ...changed }, NOW);

describe('the limits of a child', () => {
  test.each<[string, Partial<Watched>, object | undefined]>([
    ['nothing is wrong', {}, undefined],
    ['an item is near its end', { oldest: { key: 'A', ms: 8500 } }, { do: 'warn', limit: 'item-timeout', about: 'item-timeout item A' }],
    ['an item takes too long', { oldest: { key: 'A', ms: 10_000 } }, { do: 'end', limit: 'item-timeout', how: 'SIGTERM' }],
    ['it was asked to stop, and an item takes too long', { oldest: { key: 'A', ms: 10_000 }, told: 'message' }, { do: 'end' }],
    ['an item takes too long, and its child is being ended', { oldest: { key: 'A', ms: 10_000 }, told: 'SIGTERM' }, undefined],
    ['a heartbeat is late', { heardAt: NOW - 4500 }, { do: 'warn', limit: 'stalled' }],
    ['a heartbeat is missing', { heardAt: NOW - 5400 }, { do: 'end', limit: 'stalled', how: 'SIGTERM' }],
    ['one is missing while the disk takes its time', { heardAt: NOW - 50_000, closing: true }, undefined],
    ['the batch is near its end', { since: NOW - 50_000 }, { do: 'warn', limit: 'batch-timeout' }],
    ['the batch takes too long, also at the disk', { since: NOW - 61_000, closing: true }, { do: 'end', limit: 'batch-timeout' }],
    ['it grows', { rss: 110e6 }, { do: 'retire', limit: 'rss-limit' }],
    ['it grows, and has not begun an item', { rss: 110e6, begun: 0 }, undefined],
    ['it grows, and was asked before', { rss: 110e6, told: 'message' }, undefined],
    ['it grows further', { rss: 151e6, told: 'message' }, { do: 'end', limit: 'rss-limit', how: 'SIGTERM' }],
    ['it grows further while it is being ended', { rss: 160e6, told: 'SIGTERM' }, undefined],
    ['it grows without end', { rss: 201e6, told: 'SIGTERM' }, { do: 'end', limit: 'rss-limit', how: 'SIGKILL' }],
    ['nothing more can be done', { rss: 900e6, since: 0, heardAt: 0, told: 'SIGKILL' }, undefined],
  ])('%s', (_, seen, verdict) => {
    if (verdict === undefined) expect(look(seen)).toBeUndefined();
    else expect(look(seen)).toMatchObject(verdict);
  });

  test('an item that keeps its child too busy for a heartbeat is late as well', () => {
    const busy = { heardAt: NOW - 10_400 };
    const { stallTimeout: _, ...others } = limits;
    expect(judge({ ...quiet, ...busy }, others, NOW)).toMatchObject({ do: 'end', limit: 'item-timeout', message: /^an item has taken/ });
  });

  test('whoever is ended for time was warned before, at four fifths of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5000, max: 1e7 }), fc.constantFrom('item', 'stall', 'batch'), (most, which) => {
        const child = { ...quiet, since: 0, heardAt: NOW, oldest: { key: 'k', ms: 0 } };
        const only: Limits = {
          batchTimeout: which === 'batch' ? most : Infinity,
          ...(which === 'item' ? { itemTimeout: most } : {}),
          ...(which === 'stall' ? { stallTimeout: most } : {}),
        };
        const after = (ms: number): string | undefined =>
          judge({ ...child, since: NOW - ms, heardAt: which === 'stall' ? NOW - ms : NOW, oldest: { key: 'k', ms } }, only, NOW)?.do;
        expect([after(most * 0.7), after(most * 0.9 + 300), after(most + 301)]).toEqual([
          undefined,
          most * 0.9 + 300 > most && which !== 'stall' ? 'end' : 'warn',
          'end',
        ]);
      }),
    );
  });
});

const busy = (child: number, since: number): Held => ({ child, since, leaving: false });

describe('memory that is to stay free', () => {
  const idle = { child: 9, since: undefined, leaving: false };

  test('above it nothing is held, below it everything new, below half of it somebody goes', () => {
    const children = [busy(1, 10), busy(3, 30), busy(2, 40)];
    expect(relieve(100, 100, children)).toEqual({ hold: false });
    expect(relieve(99, 100, children)).toEqual({ hold: true });
    expect(relieve(50, 100, children)).toEqual({ hold: true });
    // The youngest is the one that has worked for the shortest time, not the one that was started last.
    expect(relieve(49, 100, children)).toEqual({ hold: true, end: 2 });
    expect(relieve(49, 100, [...children, idle])).toEqual({ hold: true, end: 9 });
    expect(relieve(0, 100, [...children, { ...busy(4, 50), leaving: true }])).toEqual({ hold: true });
    expect(relieve(0, 100, [busy(1, 10)])).toEqual({ hold: true });
    expect(relieve(0, 100, [])).toEqual({ hold: true });
  });
});
