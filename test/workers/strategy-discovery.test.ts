import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeParquet } from 'shardyard/parquet';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Bars } from '../../workers/strategy-discovery/bars.ts';
import { FAMILIES, STRATEGIES } from '../../workers/strategy-discovery/grid.ts';
import { atr } from '../../workers/strategy-discovery/indicators.ts';
import { directionsOf } from '../../workers/strategy-discovery/signals.ts';
import { simulate, type Terms } from '../../workers/strategy-discovery/simulate.ts';
import worker from '../../workers/strategy-discovery.ts';
import { distorted, walkOf } from './bars.ts';
import { workThrough } from './work-through.ts';

/** Strategies of every kind: 103 has no divisor in common with the grid. */
const some = (ids: readonly string[]): readonly string[] => ids.filter((_, at) => at % 103 === 0);

const few = (ids: readonly string[]): readonly string[] => ids.filter((_, at) => at % 577 === 0);

describe('the grid', () => {
  test('the tests look at every kind of strategy', () => {
    const kinds = some([...STRATEGIES.keys()]).flatMap((id) => id.split('_').filter((_, at) => at !== 1 && at !== 2));
    expect(new Set(kinds).size).toBe(7 + 2 + 3 + 2);
  });

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
    const forth = await workThrough(worker, { resamples: '20' }, few);
    const back = await workThrough(worker, { resamples: '20' }, (ids) => few(ids).toReversed());
    const byStrategy = Map.groupBy(back.rows, ({ strategy }) => strategy);
    expect(forth.items.flatMap((id) => byStrategy.get(id))).toEqual(forth.rows);
    const other = await workThrough(worker, { resamples: '20', seed: '2' }, few);
    expect(other.rows.map(({ sharpeLow }) => sharpeLow)).not.toEqual(forth.rows.map(({ sharpeLow }) => sharpeLow));
    expect(other.rows.map(({ sharpe }) => sharpe)).toEqual(forth.rows.map(({ sharpe }) => sharpe));
  }, 60_000);

  test('an item that is not in the grid says so', async () => {
    await expect(workThrough(worker, {}, () => ['astrology_3_1'])).rejects.toThrow('astrology_3_1: no strategy of the grid');
  });

  test.each([{ lots: '0' }, { lots: '1,1' }, { lots: 'a' }, { lot: '1' }, { split: '1' }, { resamples: '-1' }, { bars: 'none.csv' }])(
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

describe('npm run best', () => {
  test('the best by what was known at the split, each strategy once', async () => {
    const { rows } = await workThrough(worker, { resamples: '0' }, some);
    const file = join(folder(), 'rows.parquet');
    await writeParquet(file, rows, { columns: worker.columns ?? [], types: worker.types ?? {} });
    const { status, lines, stderr } = best(file, '--top', '5', '--min-trades', '20');
    expect([status, stderr]).toEqual([0, '']);
    const often = rows.filter(({ trades }) => Number(trades) >= 20).toSorted((a, b) => Number(b['sharpeEarly']) - Number(a['sharpeEarly']));
    expect(lines.slice(1, 6).map((line) => line.trim().split(/ +/)[1])).toEqual(
      [...new Set(often.map(({ strategy }) => strategy))].slice(0, 5),
    );
    expect(lines[1]).toContain(Number(often[0]?.['sharpeEarly']).toFixed(2));
    expect(lines.at(-2)).toBe(`Of ${rows.length} rows, ${often.length} have at least 20 trades.`);
    expect(lines.at(-1)).toMatch(/^The luckiest of so many without skill would show a Sharpe ratio of about [01]\.\d\d/);
  });

  test('mistakes are named', async () => {
    expect(best()).toMatchObject({ status: 2, stderr: expect.stringContaining('usage: npm run best') });
    const other = join(folder(), 'other.parquet');
    await writeParquet(other, [{ a: 1 }]);
    expect(best(other)).toMatchObject({ status: 2, stderr: expect.stringContaining('is no result of strategy-discovery') });
  });
});

/** Runs the command to its end. */
function best(...args: readonly string[]): { readonly status: number | null; readonly lines: readonly string[]; readonly stderr: string } {
  const script = join(import.meta.dirname, '../../workers/strategy-discovery/best.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { status, lines: stdout.trimEnd().split('\n'), stderr };
}

/** A folder that is gone after the test. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'best-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
