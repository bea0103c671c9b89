import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import { Draws } from '../../workers/shared/draws.ts';
import { readBars } from '../../workers/strategy-discovery/bars.ts';
import { STRATEGIES } from '../../workers/strategy-discovery/grid.ts';
import { deviation, ema, highestBefore, lowestBefore, rsi, sma } from '../../workers/strategy-discovery/indicators.ts';
import { resample } from '../../workers/strategy-discovery/resample.ts';
import { directionsOf } from '../../workers/strategy-discovery/signals.ts';
import { simulate, type Terms } from '../../workers/strategy-discovery/simulate.ts';
import { statisticsOf } from '../../workers/strategy-discovery/statistics.ts';
import { barsOf, walkOf } from './bars.ts';

const folder = mkdtempSync(join(tmpdir(), 'discovery-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('trading', () => {
  const free: Terms = { capital: 1_000, unitsPerLot: 1, orderFee: 0, slippageBps: 0, maxLeverage: 10 };
  const bars = barsOf([
    [10, 12, 9, 11],
    [12, 15, 11, 14],
    [13, 16, 13, 16],
    [15, 15, 9, 10],
    [9, 11, 8, 11],
  ]);
  const long = Int8Array.of(1, 1, 1, 1, 1);

  test('what a close decides is done at the next open, the last position is closed at the last close', () => {
    const { equity, trades } = simulate(bars, { directions: Int8Array.of(1, 1, 0, 0, 0), lots: 2 }, free);
    expect(trades).toEqual([{ opened: 1, closed: 3, units: 2, profit: 2 * (15 - 12) }]);
    expect([...equity]).toEqual([1_000, 1_004, 1_008, 1_006, 1_006]);
    expect(simulate(bars, { directions: long, lots: 1 }, free).trades).toEqual([{ opened: 1, closed: 4, units: 1, profit: 11 - 12 }]);
  });

  test('turns round at one open; a short position wins what a long one loses', () => {
    const { trades } = simulate(bars, { directions: Int8Array.of(1, -1, -1, -1, -1), lots: 1 }, free);
    expect(trades.map(({ units, profit }) => [units, profit])).toEqual([
      [1, 1],
      [-1, 2],
    ]);
  });

  test('each fill costs the order fee, half of the spread and the slippage', () => {
    const terms = { ...free, orderFee: 1, slippageBps: 100 };
    const { costs, trades, equity } = simulate(
      { ...bars, halfSpread: bars.open.map(() => 0.5) },
      { directions: Int8Array.of(1, 1, 0, 0, 0), lots: 2 },
      terms,
    );
    const expected = 2 * 1 + 4 * 0.5 + 2 * (12 + 15) * 0.01;
    expect(costs).toBeCloseTo(expected, 9);
    expect(trades[0]?.profit).toBeCloseTo(6 - expected, 9);
    expect(equity.at(-1)).toBeCloseTo(1_006 - expected, 9);
  });

  test('a stop trails what was reached, is filled at its level, or at an open beyond it; nothing is entered again in that direction', () => {
    const stop = (distance: number) =>
      simulate(bars, { directions: long, stopDistance: bars.open.map(() => distance), lots: 1 }, free).trades;
    // 16 was reached at the close of bar 2: 16 - 4.
    expect(stop(4)).toEqual([{ opened: 1, closed: 3, units: 1, profit: 12 - 12 }]);
    // Bar 2 opens at 13, below 14 - 0.5.
    expect(stop(0.5)).toEqual([{ opened: 1, closed: 1, units: 1, profit: 11.5 - 12 }]);
    expect(simulate(bars, { directions: long, stopDistance: Float64Array.of(2, 0.5, 9, 9, 9), lots: 1 }, free).trades).toEqual([
      { opened: 1, closed: 2, units: 1, profit: 13 - 12 },
    ]);
  });

  test('no more lots than the leverage allows, none where that is less than one', () => {
    const units = [
      [3, 1],
      [100, 1],
      [100, 0.05],
    ].map(([lots = 0, maxLeverage = 0]) => {
      const { trades } = simulate(bars, { directions: long, lots }, { ...free, capital: 100, maxLeverage });
      return trades.map((trade) => trade.units);
    });
    expect(units).toEqual([[3], [8], []]);
  });

  test('a position that is too large for what is left is closed by the broker at the next open', () => {
    const falling = barsOf([10, 10, 10, 9.2, 9.2, 9.2].map((price) => [price, price, price, price]));
    const { marginCalls, trades, equity } = simulate(
      falling,
      { directions: Int8Array.of(1, 1, 1, 1, 0, 0), lots: 95 },
      { ...free, capital: 100 },
    );
    expect([marginCalls, trades.map(({ closed }) => closed)[0]]).toEqual([1, 4]);
    expect(Math.min(...equity)).toBeGreaterThan(0);
  });

  test('the account is what its trades have made of it', () => {
    const walk = walkOf(600);
    for (const id of [...STRATEGIES.keys()].filter((_, at) => at % 121 === 0)) {
      const strategy = STRATEGIES.get(id);
      if (!strategy) continue;
      const account = simulate(walk, { directions: directionsOf(walk, strategy), lots: 3 }, { ...free, capital: 1e5, orderFee: 1 });
      const profit = account.trades.reduce((sum, trade) => sum + trade.profit, 0);
      expect(account.equity.at(-1)).toBeCloseTo(1e5 + profit, 6);
      const { totalReturn, exposure } = statisticsOf(account, { barsPerYear: 250, split: 0.5 });
      expect(totalReturn).toBeCloseTo(profit / 1e5, 9);
      expect(exposure).toBeLessThanOrEqual(1);
    }
  });
});

/** What a look at each window finds. */
function naive(series: Float64Array, length: number, pick: (...all: readonly number[]) => number): Float64Array {
  return series.map((_, t) => (t < length ? Number.NaN : pick(...series.subarray(t - length, t))));
}

describe('indicators', () => {
  const values = Float64Array.of(1, 2, 4, 7, 11, 16, 22);

  test('averages and deviations', () => {
    expect([...sma(values, 3)].slice(2)).toEqual([7 / 3, 13 / 3, 22 / 3, 34 / 3, 49 / 3]);
    expect([...ema(values, 3)].slice(1, 4)).toEqual([Number.NaN, 7 / 3, 7 / 3 + (7 - 7 / 3) / 2]);
    expect(deviation(Float64Array.of(2, 4, 4, 4, 5, 5, 7, 9), 8)[7]).toBe(2);
  });

  test('the strength index: only gains 100, only losses 0, both alike 50', () => {
    expect(rsi(values, 3).at(-1)).toBe(100);
    expect(rsi(values.toReversed(), 3).at(-1)).toBe(0);
    expect(rsi(Float64Array.of(1, 2, 1, 2, 1), 4).at(-1)).toBe(50);
    expect([...rsi(values, 3)].findIndex((value) => !Number.isNaN(value))).toBe(3);
  });

  test('highest and lowest leave out the bar itself, as a look at each window does', () => {
    const { high, low } = walkOf(300);
    for (const length of [1, 2, 7, 50]) {
      expect(highestBefore(high, length)).toEqual(naive(high, length, Math.max));
      expect(lowestBefore(low, length)).toEqual(naive(low, length, Math.min));
    }
  });
});

test('returns put together anew from pieces: a constant gain keeps its drawdown of nothing, chance its ratio', () => {
  const draws = new Draws(1, 'x');
  const noise = Float64Array.from({ length: 2_000 }, () => 0.001 + 0.01 * draws.normal());
  const settings = { draws: new Draws(2, 'x'), times: 200, meanBlock: 20, barsPerYear: 250 };
  const [steady, random] = resample([new Float64Array(2_000).fill(0.001), noise], settings);
  expect(steady?.drawdownHigh).toBe(0);
  const low = random?.sharpeLow ?? Number.NaN;
  // 1.58, less 1.645 standard errors of 0.35.
  expect(low).toBeGreaterThan(0.4);
  expect(low).toBeLessThan(1.5);
  expect(random?.drawdownHigh).toBeGreaterThan(0.05);
});

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe('bars from files', () => {
  const lean = '20070101 21:00,1,4,1,2,0,3,6,3,4,0\n20070101 22:00,2,5,2,3,0,3,6,3,4,0';

  test('quotes as LEAN has them, zipped or not: the middle is the price, the spread its own', async () => {
    const zipped = write('eurusd.zip', zipSync({ 'eurusd.csv': strToU8(lean) }));
    const bars = await readBars(zipped, 2);
    expect(bars).toMatchObject({ first: '2007-01-01T21:00Z', last: '2007-01-01T22:00Z' });
    expect([[...bars.open], [...bars.high], [...bars.close], [...bars.halfSpread]]).toEqual([
      [2, 2.5],
      [5, 5.5],
      [3, 3.5],
      [1, 0.5],
    ]);
    expect(await readBars(write('eurusd.csv', lean), 2)).toEqual(bars);
  });

  const header = 'date,open,high,low,close';
  test.each([
    ['no column', 'a,b', 'x.csv:1: no column date or time (it has a, b)'],
    ['no bar', `${header}\n2020-01-01,1,2,3,4`, 'x.csv:2: open 1, high 2, low 3, close 4 is no bar'],
    ['an empty cell', `${header}\n2020-01-01,1,2,,1`, 'x.csv:2: open 1, high 2, low NaN'],
    ['no date', `${header}\n01/02/2020,1,1,1,1`, 'x.csv:2: "01/02/2020" is no time'],
    ['the wrong order', `${header}\n2020-01-02,1,1,1,1\n2020-01-01,1,1,1,1`, 'bar 2 (2020-01-01) is not after'],
    ['one bar', `${header}\n2020-01-02,1,1,1,1`, 'fewer than two bars'],
    ['the ask below the bid', '20070101 21:00,2,4,1,2,0,1.9,4,1,2,0', 'x.csv:1: the ask is below the bid'],
  ])('%s', async (_, content, message) => {
    await expect(readBars(write('x.csv', content), 2)).rejects.toThrow(message);
  });

  test('a zip without a CSV', async () => {
    await expect(readBars(write('y.zip', zipSync({ 'a.txt': strToU8('a') })), 2)).rejects.toThrow('there is no .csv in it');
  });
});
