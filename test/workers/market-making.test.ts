import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { readParquet, writeParquet } from 'shardyard/parquet';
import { runItem } from 'shardyard/testing';
import { afterAll, describe, expect, test } from 'vitest';
import worker from '../../workers/market-making.ts';
import { MarketMaker } from '../../workers/market-making/maker.ts';
import { Order, type Side } from '../../workers/market-making/order.ts';
import { inventTicks } from '../../workers/market-making/synthetic.ts';
import { type Terms, termsOf } from '../../workers/market-making/terms.ts';
import { securitiesOf, type Tick } from '../../workers/market-making/ticks.ts';
import { Place } from '../process/support.ts';
import { row as textRow, workbook } from '../support/xlsx.ts';

const folder = mkdtempSync(join(tmpdir(), 'market-making-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const terms: Terms = { lot: 1, multiplier: 1, quoteSize: 10, maxPosition: 30, refillSeconds: 60, minLevel: 0, feeBps: 0 };
const file = { defaults: terms, securities: {} };

describe('the queue: first come, first served', () => {
  const placed = (side: Side): Order => new Order({ side, price: 100, lots: 10, ahead: 50 });

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
    expect(placed(side).other(beyond, 0)).toEqual({ lots: 10, reason: 'crossed' });
    expect(placed(side).other(before, 4)).toBeUndefined();
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
    order.reduce(4);
    order.reduce(8);
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
    fc.assert(fc.property(fc.array(tick, { maxLength: 200 }), fc.constantFrom(1, 0.001, 1_000), check), { numRuns: 100 });
  });
});

describe('terms', () => {
  const some = { defaults: terms, securities: { 'EUR*': { quoteSize: 7 }, 'EURUSD*': { quoteSize: 8 }, EURUSD: { refillSeconds: 1 } } };

  test('by the whole name, else by the longest beginning, else those of all; what is given goes before', () => {
    expect(['EURUSD', 'EURUSD-1', 'EURGBP', 'X'].map((name) => termsOf(some, name).quoteSize)).toEqual([10, 8, 7, 10]);
    expect(termsOf(some, 'EURUSD').refillSeconds).toBe(1);
    expect(termsOf(some, 'EURUSD', { refill: 5, size: 3 })).toMatchObject({ refillSeconds: 5, quoteSize: 3 });
    expect(() => termsOf(file, 'X', { size: 0.5 })).toThrow('X: quoteSize 0.5 is less than a lot of 1');
  });

  test('a mistake in the file is named', async () => {
    const wrong = join(folder, 'wrong.json');
    writeFileSync(wrong, JSON.stringify({ defaults: { ...terms, quotesize: 1 } }));
    await expect(runItem(worker, 'SYNTHETIC-01', { params: { config: wrong } })).rejects.toThrow(/wrong\.json: .*quotesize/s);
  });
});

describe('invented ticks', () => {
  const ticks = ['SYNTHETIC-01', 'SYNTHETIC-02', 'SYNTHETIC-03'].map((name) => [...inventTicks(1, name, 20)]);
  const all = ticks.flat();
  const share = (some: readonly unknown[], of: readonly unknown[] = all): number => some.length / of.length;

  test('depend on the seed and the name only, and a longer series begins as a shorter one', () => {
    expect([...inventTicks(1, 'SYNTHETIC-01', 2)]).toEqual(ticks[0]?.slice(0, [...inventTicks(1, 'SYNTHETIC-01', 2)].length));
    expect([...inventTicks(2, 'SYNTHETIC-01', 1)][99]).not.toEqual(ticks[0]?.[99]);
  });

  test('are as those of a real share: kinds, equal seconds, sizes, moves, shape of the day', () => {
    for (const [type, expected] of Object.entries({ BID: 0.35, ASK: 0.35, TRADE: 0.3 })) {
      expect(Math.abs(share(all.filter((tick) => tick.type === type)) - expected)).toBeLessThan(0.02);
    }
    expect(share(all.filter(({ price }) => price === 0))).toBeCloseTo(0.01, 2);
    const repeated = ticks.flatMap((some) => some.filter(({ time }, at) => time === some[at - 1]?.time));
    expect(Math.abs(share(repeated) - 0.72)).toBeLessThan(0.02);
    const moves = ticks.flatMap((some) => {
      const prices = some.flatMap(({ type, price }) => (type === 'TRADE' ? [price] : []));
      return prices.slice(1).map((price, at) => Math.round(100 * Math.abs(price - (prices[at] ?? 0))));
    });
    expect(
      Math.abs(
        share(
          moves.filter((move) => move === 0),
          moves,
        ) - 0.84,
      ),
    ).toBeLessThan(0.03);
    expect(Math.max(...moves)).toBeLessThanOrEqual(4);
    const sizes = all.flatMap(({ type, size }) => (type === 'TRADE' ? [size] : [])).toSorted((a, b) => a - b);
    const quantile = (part: number): number => sizes[Math.floor(part * sizes.length)] ?? 0;
    expect(quantile(0.5) / 1_782).toBeCloseTo(1, 0);
    expect([quantile(0.05) < 90, quantile(0.95) > 35_000]).toEqual([true, true]);
    const lastHalfHour = all.filter(({ time }) => time % 86_400_000 >= 10.5 * 3_600_000);
    expect(share(lastHalfHour)).toBeCloseTo(0.134, 2);
  });
});

describe('a workbook and the Parquet files made of it', () => {
  const names = ['B 1', 'A&2'];
  const ticksBy = new Map(names.map((name) => [name, [...inventTicks(3, name, 1)].slice(0, 1_500)]));

  test('give the same rows and the same files, rows of one moment in their order', async () => {
    const data = join(folder, 'ticks.xlsx');
    writeFileSync(
      data,
      workbook({ sheets: Object.fromEntries([...ticksBy].map(([name, ticks]) => [name, sheetOf(ticks)])), styles: STYLES }),
    );
    const parquet = join(folder, 'parquet');
    mkdirSync(parquet);
    for (const [name, ticks] of ticksBy) {
      const rows = ticks.map(({ time, type, price, size }) => ({ Dates: new Date(time), Type: type, Price: price, Size: size }));
      await writeParquet(join(parquet, `${name}.parquet`), rows);
    }
    const source = { headerRow: 3, seed: 1, days: 1 };
    expect(await securitiesOf({ ...source, data })).toEqual(['A&2', 'B 1']);
    expect(await securitiesOf({ ...source, data: parquet })).toEqual(['A&2', 'B 1']);
    for (const name of names) {
      const artifacts = { xlsx: join(folder, 'of-xlsx'), parquet: join(folder, 'of-parquet') };
      const [row] = await runItem(worker, name, { params: { data }, artifacts: artifacts.xlsx });
      expect(await runItem(worker, name, { params: { data: parquet }, artifacts: artifacts.parquet })).toEqual([row]);
      expect(row).toMatchObject({ security: name, ticks: 1_500 });
      const trades = await Promise.all(Object.values(artifacts).map((path) => rowsOf(join(path, `${name}-trades.parquet`))));
      expect(trades[0]).toEqual(trades[1]);
      expect(trades[0]).toHaveLength(Number(row?.['trades']));
      expect(trades[0]?.at(-1)).toMatchObject({ realised: row?.['realised'], position: row?.['position'] });
    }
  });

  test.each([
    [{ Dates: '2025', Type: 'BID', Price: 1, Size: 1 }, 'S: row 1 of the data: Dates is 2025, not a date'],
    [{ Dates: new Date(0), Type: 'MID', Price: 1, Size: 1 }, 'Type is MID: write BID, ASK or TRADE'],
    [{ Dates: new Date(0), Type: 'BID', Price: null, Size: -1 }, 'Price null, Size -1: mend the cells'],
  ])('a row that is no tick: %j', async (record, message) => {
    const data = mkdtempSync(join(folder, 'wrong-'));
    await writeParquet(join(data, 'S.parquet'), [record]);
    await expect(runItem(worker, 'S', { params: { data } })).rejects.toThrow(message);
  });

  test('a row that is earlier than the one before, and data that are neither', async () => {
    const data = mkdtempSync(join(folder, 'wrong-'));
    const record = { Type: 'BID', Price: 1, Size: 1 };
    await writeParquet(
      join(data, 'S.parquet'),
      [2, 1].map((time) => ({ Dates: new Date(time), ...record })),
    );
    await expect(runItem(worker, 'S', { params: { data } })).rejects.toThrow('row 2 of the data: it is earlier than the row before');
    await expect(securitiesOf({ data: join(folder, 'none'), headerRow: 3, seed: 1, days: 1 })).rejects.toThrow(
      'neither an .xlsx nor a folder',
    );
  });
});

test('the same bytes for one process and for three, rows and files', async () => {
  const place = new Place();
  const run = (processes: string) => {
    const worker_ = join(import.meta.dirname, '../../workers/market-making.ts');
    const options = [
      '--param',
      'days=1',
      '--limit',
      '4',
      '--batch-size',
      '2',
      '-p',
      processes,
      '--name',
      `r${processes}`,
      '-o',
      `${processes}.csv`,
    ];
    return place.shardyard('run', worker_, ...options, '--spares', '0', '--progress', 'none');
  };
  const [one, three] = await Promise.all(['1', '3'].map(run));
  expect([one?.code, three?.code], `${one?.stderr}${three?.stderr}`).toEqual([0, 0]);
  expect(place.read('3.csv')).toBe(place.read('1.csv'));
  expect(place.lines('1.csv')).toHaveLength(5);
  const artifact = (name: string): Buffer => place.bytes(`data/runs/${name}/artifacts/SYNTHETIC-03-trades.parquet`);
  expect(artifact('r3').equals(artifact('r1'))).toBe(true);
});

function bid(second: number, price: number, size: number): Tick {
  return { time: second * 1_000, type: 'BID', price, size };
}

function ask(second: number, price: number, size: number): Tick {
  return { time: second * 1_000, type: 'ASK', price, size };
}

function trade(second: number, price: number, size: number): Tick {
  return { time: second * 1_000, type: 'TRADE', price, size };
}

async function rowsOf(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  for await (const found of readParquet(path)) rows.push(found);
  return rows;
}

function follow(ticks: readonly Tick[], own: Terms = terms): MarketMaker {
  const maker = new MarketMaker(own);
  for (const tick of ticks) maker.tick(tick);
  return maker;
}

const STYLES = '<cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>';

/** As the terminal of a data vendor has it: title, note, header, and dates as days since 1900. */
function sheetOf(ticks: readonly Tick[]): string {
  const rows = ticks.map(({ time, type, price, size }, at) => {
    const cells = `<c s="1"><v>${time / 86_400_000 + 25_569}</v></c><c t="str"><v>${type}</v></c><c><v>${price}</v></c><c><v>${size}</v></c>`;
    return `<row r="${at + 4}">${cells}</row>`;
  });
  return [textRow(1, ['Ticks']), textRow(2, ['a note']), textRow(3, ['Dates', 'Type', 'Price', 'Size']), ...rows].join('');
}
