import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import worker from '../../workers/strategy-discovery.ts';
import { Draws } from '../../workers/shared/draws.ts';
import { type Bars, readBars } from '../../workers/strategy-discovery/bars.ts';
import { FAMILIES, STRATEGIES } from '../../workers/strategy-discovery/grid.ts';
import { atr, deviation, ema, highestBefore, lowestBefore, rsi, sma } from '../../workers/strategy-discovery/indicators.ts';
import { resample } from '../../workers/strategy-discovery/resample.ts';
import { directionsOf } from '../../workers/strategy-discovery/signals.ts';
import { simulate, type Terms } from '../../workers/strategy-discovery/simulate.ts';
import { statisticsOf } from '../../workers/strategy-discovery/statistics.ts';
import { workThrough } from './work-through.ts';

const folder = mkdtempSync(join(tmpdir(), 'discovery-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Strategies of every kind: 103 has no divisor in common with the grid. */
const some = (ids: readonly string[]): readonly string[] => ids.filter((_, at) => at % 103 === 0);

describe('the grid', () => {
  test('has exactly 4,620 strategies: 7 families x 11 look-backs x 5 settings x 2 sides x 3 stops x 2 filters', () => {
    expect(STRATEGIES.size).toBe(4_620);
    expect(7 * 11 * 5 * 2 * 3 * 2).toBe(4_620);
    for (const { lookback, setting } of Object.values(FAMILIES)) {
      expect([new Set(lookback).size, new Set(setting).size]).toEqual([11, 5]);
    }
    const all = [...STRATEGIES.values()];
    const shape = (['family', 'side', 'stop', 'filter'] as const).map((name) => new Set(all.map((strategy) => strategy[name])).size);
    expect(shape).toEqual([7, 2, 3, 2]);
  });

  test('can be named on the command line: no comma, no separator of paths', () => {
    expect([...STRATEGIES.keys()].filter((id) => !/^[a-z]+(-[a-z]+)*_[\d.]+_[\d.]+_(long|both)_stop[024]_(none|trend)$/.test(id))).toEqual(
      [],
    );
  });

  test('batches of 200 are the default', () => expect(worker.defaults).toEqual({ batchSize: 200 }));
});

describe('on the S&P 500', () => {
  test('three rows a strategy; finite, plausible, and different for each lot size', async () => {
    const { items, rows, log } = await workThrough(worker, { resamples: '5' }, some);
    expect(log).toEqual(['5105 bars from 2000-01-03 to 2020-04-17, 10 units a lot']);
    expect(rows).toHaveLength(3 * items.length);
    for (const row of rows) {
      expect(Object.keys(row).toSorted()).toEqual(worker.columns?.toSorted());
      const numbers = Object.values(row).filter((value) => typeof value === 'number');
      expect(numbers.every((value) => Number.isFinite(value) && Number(value.toFixed(6)) === value && !Object.is(value, -0))).toBe(true);
      const [drawdown, exposure, total] = ['maxDrawdown', 'exposure', 'totalReturn'].map((name) => Number(row[name]));
      expect(drawdown).toBeGreaterThanOrEqual(0);
      expect(drawdown).toBeLessThanOrEqual(1);
      expect(exposure).toBeLessThanOrEqual(1);
      expect(total).toBeGreaterThanOrEqual(-1);
      // A ratio of 2 over 20 years would be a miracle, or a mistake.
      expect(Number(row['sharpe'])).toBeLessThan(2);
    }
    const traded = Map.groupBy(
      rows.filter(({ trades }) => Number(trades) > 0),
      ({ strategy }) => strategy,
    );
    for (const same of traded.values()) expect(new Set(same.map(({ sharpe }) => sharpe)).size).toBe(same.length);
    expect(traded.size).toBeGreaterThan(0.9 * items.length);
  }, 60_000);

  test('rows depend on the item and the seed alone', async () => {
    const few = (ids: readonly string[]): readonly string[] => ids.filter((_, at) => at % 577 === 0);
    const forth = await workThrough(worker, { resamples: '20' }, few);
    const back = await workThrough(worker, { resamples: '20' }, (ids) => few(ids).toReversed());
    const byStrategy = Map.groupBy(back.rows, ({ strategy }) => strategy);
    expect(forth.items.flatMap((id) => byStrategy.get(id))).toEqual(forth.rows);
    const other = await workThrough(worker, { resamples: '20', seed: '2' }, few);
    expect(other.rows.map(({ sharpeLow }) => sharpeLow)).not.toEqual(forth.rows.map(({ sharpeLow }) => sharpeLow));
    expect(other.rows.map(({ sharpe }) => sharpe)).toEqual(forth.rows.map(({ sharpe }) => sharpe));
  });

  test('an item that is not in the grid says so', async () => {
    await expect(workThrough(worker, {}, () => ['astrology_3_1'])).rejects.toThrow('astrology_3_1: no strategy of the grid');
  });

  test.each([{ lots: '0' }, { lots: '1,1' }, { lots: 'a' }, { lot: '1' }, { split: '1' }, { resamples: '-1' }])(
    'refuses %j',
    async (given) => {
      await expect(workThrough(worker, given, () => [])).rejects.toThrow();
    },
  );
});

describe('no look ahead', () => {
  const bars = walkOf(700);
  const terms: Terms = { capital: 1e5, unitsPerLot: 100, orderFee: 2, slippageBps: 1, maxLeverage: 3 };
  const equityOn = (on: Bars, id: string): Float64Array => {
    const strategy = STRATEGIES.get(id);
    if (!strategy) throw new Error(id);
    const stops = strategy.stop > 0 ? { stopDistance: atr(on, 20).map((range) => range * strategy.stop) } : {};
    return simulate(on, { directions: directionsOf(on, strategy), ...stops, lots: 4 }, terms).equity;
  };

  test('what comes after a bar changes nothing up to it; what happens in it changes it', () => {
    let changed = 0;
    const ids = some([...STRATEGIES.keys()]);
    for (const [at, id] of ids.entries()) {
      const last = 420 + ((at * 7) % 250);
      const before = equityOn(bars, id);
      const after = equityOn(distorted(bars, last, at), id);
      expect(after.subarray(0, last + 1), id).toEqual(before.subarray(0, last + 1));
      if (after.at(-1) !== before.at(-1)) changed++;
    }
    expect(changed).toBeGreaterThan(0.8 * ids.length);
  });
});

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
    const units = (lots: number, maxLeverage: number) =>
      simulate(bars, { directions: long, lots }, { ...free, capital: 100, maxLeverage }).trades.map((trade) => trade.units);
    expect([units(3, 1), units(100, 1), units(100, 0.05)]).toEqual([[3], [8], []]);
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
    for (const id of some([...STRATEGIES.keys()]).slice(0, 40)) {
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
    const naive = (series: Float64Array, length: number, pick: (...all: readonly number[]) => number) =>
      series.map((_, t) => (t < length ? Number.NaN : pick(...series.subarray(t - length, t))));
    for (const length of [1, 2, 7, 50]) {
      expect(highestBefore(high, length)).toEqual(naive(high, length, Math.max));
      expect(lowestBefore(low, length)).toEqual(naive(low, length, Math.min));
    }
  });
});

test('histories put together from pieces: a constant gain keeps its drawdown of nothing, chance its ratio', () => {
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

describe('bars from files', () => {
  const write = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
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

function barsOf(rows: readonly (readonly number[])[]): Bars {
  const column = (at: number): Float64Array => Float64Array.from(rows, (row) => row[at] ?? Number.NaN);
  return {
    first: '',
    last: '',
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    halfSpread: new Float64Array(rows.length),
    barsPerYear: 250,
  };
}

/** A random walk with gaps. */
function walkOf(length: number): Bars {
  const draws = new Draws(7, 'walk');
  let price = 100;
  return barsOf(
    Array.from({ length }, () => {
      const open = price * (1 + 0.005 * draws.normal());
      const close = (price = open * (1 + 0.012 * draws.normal()));
      return [open, Math.max(open, close) * (1 + 0.01 * draws.uniform()), Math.min(open, close) * (1 - 0.01 * draws.uniform()), close];
    }),
  );
}

/** Another future after a bar. */
function distorted(bars: Bars, last: number, seed: number): Bars {
  const draws = new Draws(seed, 'future');
  const factors = bars.open.map((_, t) => (t <= last ? 1 : 0.5 + draws.uniform()));
  const times = (series: Float64Array): Float64Array => series.map((value, t) => value * (factors[t] ?? 1));
  return { ...bars, open: times(bars.open), high: times(bars.high), low: times(bars.low), close: times(bars.close) };
}
