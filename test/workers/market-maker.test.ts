import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { runItem } from 'shardyard/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { MarketMaker } from '../../workers/market-making/maker.ts';
import { Order, type Side } from '../../workers/market-making/order.ts';
import { type Terms, termsOf } from '../../workers/market-making/terms.ts';
import type { Tick } from '../../workers/market-making/ticks.ts';
import worker from '../../workers/market-making.ts';
import { type Given, workThrough } from './work-through.ts';

const folder = mkdtempSync(join(tmpdir(), 'market-maker-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const terms: Terms = { lot: 1, multiplier: 1, quoteSize: 10, maxPosition: 30, refillSeconds: 60, minLevel: 0, feeBps: 0 };

/** An order behind 50 others. */
const placed = (side: Side): Order => new Order({ side, price: 100, lots: 10, ahead: 50 });

describe('the queue: first come, first served', () => {
  test('trades at the price serve those ahead first, then us, as far as they go', () => {
    const order = placed(1);
    expect(order.traded(100, 30)).toBeUndefined();
    expect(order.ahead).toBe(20);
    expect(order.traded(100, 24)).toEqual({ lots: 4, reason: 'queue' });
    expect([order.ahead, order.rest]).toEqual([0, 6]);
    expect(order.traded(100, 100)).toEqual({ lots: 6, reason: 'queue' });
    expect(order.traded(100, 100)).toBeUndefined();
  });

  test('others come behind us; where they cancel, never more is ahead than the level shows', () => {
    const order = placed(1);
    order.own(100, 500);
    expect(order.ahead).toBe(50);
    order.own(100, 20);
    expect(order.ahead).toBe(20);
    order.own(100, 80);
    expect(order.ahead).toBe(20);
  });

  test.each([
    [1, 99, 101],
    [-1, 101, 99],
  ] as const)('side %d: a trade at %d is beyond the price, one at %d on the way to it', (side, beyond, before) => {
    expect(placed(side).traded(beyond, 3)).toEqual({ lots: 3, reason: 'through' });
    expect(placed(side).traded(before, 300)).toBeUndefined();
    // The other side comes to our price: those ahead of us are gone.
    expect(placed(side).other(100, 4)).toEqual({ lots: 4, reason: 'crossed' });
    expect(placed(side).other(before, 4)).toBeUndefined();
    // Nobody knows how much: all of it, where there is something at all.
    expect(placed(side).other(beyond, undefined)).toEqual({ lots: 10, reason: 'crossed' });
    expect(placed(side).traded(beyond, undefined)).toEqual({ lots: 10, reason: 'through' });
    expect([placed(side).other(beyond, 0), placed(side).traded(beyond, 0)]).toEqual([undefined, undefined]);
  });

  test('where the queue is not published it is never our turn, until the level shows how much there is', () => {
    const order = new Order({ side: 1, price: 100, lots: 10, ahead: undefined });
    expect([order.traded(100, 1e9), order.traded(100, undefined), order.ahead]).toEqual([undefined, undefined, Infinity]);
    order.own(100, 20);
    order.own(100, undefined);
    expect([order.ahead, order.traded(100, 25)]).toEqual([20, { lots: 5, reason: 'queue' }]);
  });

  test('a level that is shown again in one moment fills only by what it has more, a worse one besides', () => {
    const order = new Order({ side: 1, price: 100, lots: 40, ahead: 50 });
    const shown = [order.other(100, 10), order.other(100, 10), order.other(100, 4), order.other(100, 12), order.other(99, 5)];
    expect(shown.map((fill) => fill?.lots)).toEqual([10, undefined, undefined, 2, 5]);
    order.keep(40);
    expect([order.rest, order.other(100, 10)?.lots]).toEqual([23, 10]);
  });

  test.each([
    ['trades, then the level of whoever traded', [5, 3, -12], [5, 3, 4]],
    ['the level, then the trades that took it', [-12, 5, 7, 6], [12, undefined, undefined, 6]],
  ])('the same lots of one moment count once: %s', (_, lots, fills) => {
    const order = new Order({ side: -1, price: 100, lots: 40, ahead: 50 });
    const got = lots.map((some) => (some > 0 ? order.traded(101, some) : order.other(101, -some))?.lots);
    expect(got).toEqual(fills);
  });

  test('what the queue got in a moment counts, too', () => {
    const order = new Order({ side: 1, price: 100, lots: 40, ahead: 50 });
    expect([order.traded(100, 56)?.lots, order.other(100, 10)?.lots, order.other(100, 10)]).toEqual([6, 4, undefined]);
  });

  test('alone at its price once the best of its own side is worse; better ones change nothing', () => {
    const order = placed(1);
    order.own(101, 5);
    expect(order.ahead).toBe(50);
    order.own(99, 5);
    expect([order.ahead, order.traded(100, 10)]).toEqual([0, { lots: 10, reason: 'queue' }]);
  });

  test('who asks for less keeps the place', () => {
    const order = placed(-1);
    order.keep(4);
    order.keep(8);
    expect([order.rest, order.ahead]).toEqual([4, 50]);
  });
});

describe('quoting', () => {
  const open = [bid(0, 100, 50), ask(0, 101, 40), bid(1, 100, 50)];

  test('joins both sides behind what is there, when the clock moves on', () => {
    const maker = follow(open.slice(0, 2));
    expect(maker.order(1)).toBeUndefined();
    maker.tick(bid(1, 100, 50));
    expect([maker.order(1), maker.order(-1)]).toMatchObject([
      { price: 100, ahead: 50, rest: 10 },
      { price: 101, ahead: 40, rest: 10 },
    ]);
  });

  test('nobody acts between rows of one moment: an order stays where it was until the next', () => {
    const maker = follow([...open, bid(1, 99, 20), ask(1, 100, 7)]);
    // It was still at 100 when the ask came there.
    expect(maker.trades).toMatchObject([{ side: 'buy', price: 100, size: 7, reason: 'crossed' }]);
    const later = follow([...open, bid(1, 99, 20), bid(2, 99, 25), ask(2, 100, 7)]);
    expect(later.trades).toEqual([]);
    expect(later.order(1)).toMatchObject({ price: 99, ahead: 20 });
  });

  test('keeps its place while the price stays, loses it when it follows the price', () => {
    const maker = follow([...open, bid(2, 100, 90), bid(3, 101, 8)]);
    expect(maker.order(1)).toMatchObject({ price: 100, ahead: 50 });
    maker.tick(ask(3, 102, 9));
    maker.tick(bid(4, 101, 30));
    expect(maker.order(1)).toMatchObject({ price: 101, ahead: 8 });
  });

  test('a side that was filled stays empty for the refill time, the other one does not', () => {
    const maker = follow([...open, trade(2, 100, 60), bid(3, 100, 40), bid(61.9, 100, 40)]);
    expect(maker.trades).toMatchObject([{ time: new Date(2_000), side: 'buy', size: 10, reason: 'queue', position: 10 }]);
    expect([maker.order(1), maker.order(-1)?.rest]).toEqual([undefined, 10]);
    maker.tick(bid(62, 100, 40));
    expect(maker.order(1)).toMatchObject({ rest: 10, ahead: 40 });
  });

  test('nothing is offered in a crossed book, at a level with too little, or over night', () => {
    expect(follow([bid(0, 100, 50), ask(0, 100, 40), bid(1, 100, 50)]).order(1)).toBeUndefined();
    const thin = follow(open, { ...terms, minLevel: 45 });
    expect([thin.order(1)?.rest, thin.order(-1)]).toEqual([10, undefined]);
    expect(follow([...open, bid(86_400, 100, 50)]).order(1)).toBeUndefined();
  });

  test('a size of less than a lot is not an unpublished one: it fills nothing, and waits before us', () => {
    const small = [bid(0, 100, 0.4), ask(0, 101, 40), bid(1, 100, 0.4)];
    const maker = follow([...small, ask(1, 100, 0.4), trade(1, 99, 0.4)]);
    expect([maker.trades, maker.order(1)?.ahead]).toEqual([[], 1]);
    expect(follow([...small, ask(1, 100, 1.9)]).trades).toMatchObject([{ size: 1, reason: 'crossed' }]);
    expect(follow([...small, ask(1, 100, 0)]).trades).toMatchObject([{ size: 10, reason: 'crossed' }]);
    const blind = follow([bid(0, 100, 0), ask(0, 101, 40), bid(1, 100, 0), trade(1, 100, 1_000)]);
    expect([blind.trades, blind.order(1)?.ahead]).toEqual([[], Infinity]);
  });

  test('a moment ends with the clock: the level of the next one is another', () => {
    const large = { ...terms, quoteSize: 30 };
    const crossed = [ask(1, 100, 10), ask(1, 100, 10), ask(1, 100, 10), ask(1, 101, 40)];
    const maker = follow([...open, ...crossed, trade(1, 99, 12), bid(1, 100, 50)], large);
    expect(maker.trades.map(({ size }) => size)).toEqual([10, 2]);
    maker.tick(ask(2, 100, 10));
    expect(maker.trades.map(({ size }) => size)).toEqual([10, 2, 10]);
  });

  test('rows without a price, as before the opening, are passed over', () => {
    const maker = follow([{ time: 0, type: 'BID', price: 0, size: 9 }, ...open]);
    expect([maker.skipped, maker.order(1)?.ahead]).toEqual([1, 50]);
  });

  test('a round trip: buys at the bid, sells at the ask', () => {
    const { account } = follow([...open, trade(2, 100, 60), trade(3, 101, 50)], { ...terms, feeBps: 10, multiplier: 2 });
    expect(account).toMatchObject({ position: 0, realised: 20, cash: 20, volume: 20, maxPosition: 10, notional: 4_020 });
    expect(account.fees).toBeCloseTo(4.02, 9);
  });

  test('on any ticks: the limit holds, and cash + position x price = realised + unrealised', () => {
    const tick = fc.record({
      later: fc.integer({ min: 0, max: 40 }),
      type: fc.constantFrom('BID' as const, 'ASK' as const, 'TRADE' as const),
      price: fc.integer({ min: 98, max: 103 }),
      size: fc.integer({ min: 0, max: 60 }),
    });
    fc.assert(fc.property(fc.array(tick, { maxLength: 200 }), fc.constantFrom(1, 0.001, 1_000), check), { numRuns: 100 });
  });
});

describe('terms', () => {
  const some = { defaults: terms, securities: { 'EUR*': { quoteSize: 7 }, 'EURUSD*': { quoteSize: 8 }, EURUSD: { refillSeconds: 1 } } };

  test('by the whole name, else by the longest beginning, else those of all; what is given goes before', () => {
    expect(['EURUSD', 'EURUSD-1', 'EURGBP', 'X'].map((name) => termsOf(some, name).quoteSize)).toEqual([10, 8, 7, 10]);
    expect(termsOf(some, 'EURUSD').refillSeconds).toBe(1);
    expect(termsOf(some, 'EURUSD', { refill: 5, size: 3 })).toMatchObject({ refillSeconds: 5, quoteSize: 3 });
    const tooSmall = { name: 'UnrecoverableError', message: 'X: quoteSize 0.5 is less than a lot of 1: raise it' };
    expect(() => termsOf({ defaults: terms, securities: {} }, 'X', { size: 0.5 })).toThrow(expect.objectContaining(tooSmall));
  });

  test('a size that no security can be quoted with is refused with the parameters, one that only some can with the items', async () => {
    const config = join(folder, 'lots.json');
    writeFileSync(config, JSON.stringify({ defaults: { ...terms, lot: 5 }, securities: { 'SYNTHETIC-02': { lot: 1 } } }));
    expect(await listed({ config, size: 5 })).toBe(16);
    await expect(listed({ config, size: 2 })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('less than a lot of 5'),
    });
    await expect(listed({ config, size: 0.5 })).rejects.toThrow(
      'wrong parameters: size: SYNTHETIC-01: quoteSize 0.5 is less than a lot of 5',
    );
    const [row] = await runItem(worker, 'SYNTHETIC-02', { params: { config, size: 2, days: 1 } });
    expect(row).toMatchObject({ security: 'SYNTHETIC-02' });
    await expect(runItem(worker, 'SYNTHETIC-01', { params: { config, size: 2 } })).rejects.toMatchObject({ name: 'UnrecoverableError' });
  });

  test('a mistake in the file is named', async () => {
    const wrong = join(folder, 'wrong.json');
    writeFileSync(wrong, JSON.stringify({ defaults: { ...terms, quotesize: 1 } }));
    await expect(listed({ config: wrong })).rejects.toThrow(/wrong\.json: .*quotesize/s);
    writeFileSync(wrong, '{');
    await expect(listed({ config: wrong })).rejects.toThrow(/config: .*wrong\.json: .*JSON.*: mend it/s);
    await expect(listed({ config: join(folder, 'none') })).rejects.toThrow('there is no such file');
  });
});

/** The worker's own items, listed as a run does before it starts anything; how many there are. */
async function listed(given: Given): Promise<number> {
  let count = 0;
  await workThrough(worker, given, ({ length }) => {
    count = length;
    return [];
  });
  return count;
}

const check = (steps: readonly { later: number; type: Tick['type']; price: number; size: number }[], lot: number): void => {
  const own = { ...terms, lot, quoteSize: 10 * lot, maxPosition: 13 * lot, multiplier: 1.5 };
  const maker = new MarketMaker(own);
  let time = 0;
  for (const { later, type, price, size } of steps) {
    time += later * 1_000;
    maker.tick({ time, type, price, size: size * lot });
    const { account } = maker;
    const offered = (side: Side): number => maker.order(side)?.rest ?? 0;
    expect(Math.abs(account.position)).toBeLessThanOrEqual(13);
    expect(account.position + offered(1)).toBeLessThanOrEqual(13);
    expect(account.position - offered(-1)).toBeGreaterThanOrEqual(-13);
    const worth = account.cash + account.position * lot * 1.5 * price;
    expect(account.realised + account.unrealised(price)).toBeCloseTo(worth, 6);
  }
  const bought = maker.trades.reduce((sum, { side, size }) => sum + (side === 'buy' ? size : -size), 0);
  expect(maker.account.position * lot).toBeCloseTo(bought, 6);
};

function bid(second: number, price: number, size: number): Tick {
  return { time: second * 1_000, type: 'BID', price, size };
}

function ask(second: number, price: number, size: number): Tick {
  return { time: second * 1_000, type: 'ASK', price, size };
}

function trade(second: number, price: number, size: number): Tick {
  return { time: second * 1_000, type: 'TRADE', price, size };
}

function follow(ticks: readonly Tick[], own: Terms = terms): MarketMaker {
  const maker = new MarketMaker(own);
  for (const tick of ticks) maker.tick(tick);
  return maker;
}
