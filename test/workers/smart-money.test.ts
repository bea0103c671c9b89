import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeParquet } from 'shardyard/parquet';
import * as stats from 'simple-statistics';
import { afterAll, describe, expect, test } from 'vitest';
import { Draws } from '../../workers/shared/draws.ts';
import worker from '../../workers/smart-money.ts';
import { features, LOOK_BACK } from '../../workers/smart-money/features.ts';
import { historyOf } from '../../workers/smart-money/history.ts';
import { marketOf } from '../../workers/smart-money/market.ts';
import type { Session } from '../../workers/smart-money/sessions.ts';
import { inventSessions } from '../../workers/smart-money/synthetic.ts';
import { workThrough } from './work-through.ts';

const folder = mkdtempSync(join(tmpdir(), 'smart-money-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const invented = inventSessions(1, 40);
/** A small market, with real symbols' kinds of names. */
const small = new Map([...invented].slice(0, 8).map(([name, sessions], at) => [at === 3 ? 'M&M' : name, sessions.slice(0, 160)]));
const given = { symbols: '6', samples: '7', horizon: '10' };

describe('invented sessions', () => {
  test('100 symbols x 36 dates: 3,600 rows of 30 finite features, told apart by their names', async () => {
    const { items, rows } = await workThrough(worker);
    expect(items).toHaveLength(100);
    expect(items.every((symbol) => /^SYNTHETIC-\d{3}$/.test(symbol))).toBe(true);
    expect(rows).toHaveLength(3_600);
    expect(new Set(rows.map(({ symbol, date }) => `${symbol} ${date}`)).size).toBe(3_600);
    expect(Object.keys(features)).toHaveLength(30);
    for (const name of [...Object.keys(features), 'forwardReturn', 'excessReturn']) {
      const values = rows.map((row) => Number(row[name]));
      expect(values.filter((value) => !Number.isFinite(value) || Number(value.toFixed(6)) !== value || Object.is(value, -0))).toEqual([]);
      expect(new Set(values).size, name).toBeGreaterThan(5);
    }
    const gains = rows.filter(({ label, excessReturn }) => label === 1 && Number(excessReturn) > 0).length;
    expect(gains).toBe(rows.filter(({ label }) => label === 1).length);
    expect(Math.abs(gains / 3_600 - 0.48)).toBeLessThan(0.06);
    // Nothing in them can tell what follows.
    const correlation = (name: string) =>
      stats.sampleCorrelation(
        rows.map((row) => Number(row[name])),
        rows.map((row) => Number(row['excessReturn'])),
      );
    for (const name of Object.keys(features)) expect(Math.abs(correlation(name)), name).toBeLessThan(0.09);
  }, 90_000);

  test('depend on the seed and the symbol only, and are as those of real shares', () => {
    expect(inventSessions(1, 3).get('SYNTHETIC-003')).toEqual(invented.get('SYNTHETIC-003'));
    expect(inventSessions(2, 1).get('SYNTHETIC-001')?.[50]).not.toEqual(invented.get('SYNTHETIC-001')?.[50]);
    const histories = [...invented.values()].map((sessions) => ({ sessions, history: historyOf(sessions) }));
    const middle = (value: (of: (typeof histories)[number]) => number): number => stats.median(histories.map(value));
    expect(middle(({ history }) => stats.standardDeviation([...history.steps]))).toBeCloseTo(0.03, 2);
    expect(middle(({ history }) => stats.sampleKurtosis([...history.steps]))).toBeGreaterThan(2);
    expect(middle(({ history }) => clustering(history.steps))).toBeGreaterThan(0.07);
    expect(middle(({ sessions }) => stats.median(sessions.map(({ high, low, close }) => (high - low) / close)))).toBeCloseTo(0.04, 2);
    expect(middle(({ sessions }) => stats.median(sessions.map(({ delivered }) => delivered)))).toBeCloseTo(0.54, 1);
    expect(middle(({ sessions }) => stats.standardDeviation(sessions.map(({ turnover }) => Math.log(turnover))))).toBeCloseTo(1.1, 0);
    const splits = [...invented.values()].flatMap((sessions) =>
      sessions.filter(({ open }, at) => open < 0.7 * (sessions[at - 1]?.close ?? 0)),
    );
    expect(Math.abs((40 * 1_346) / splits.length - 3_300)).toBeLessThan(1_200);
  });
});

describe('from a file', () => {
  test('the rows are those of the sessions in it, whatever the order of the symbols', async () => {
    const data = await write(small);
    const { items, rows, log } = await workThrough(worker, { ...given, data });
    expect(items).toHaveLength(6);
    expect(items).toEqual(items.toSorted());
    expect(log).toEqual([`${data}: 7 sample dates from 2020-03-25 to 2020-07-21`]);
    const other = await write(new Map([...small].toReversed()));
    expect((await workThrough(worker, { ...given, data: other })).rows).toEqual(rows);
    const alone = await workThrough(worker, { ...given, data }, (all) => all.slice(2, 3));
    expect(alone.rows).toEqual(rows.slice(14, 21));
  });

  test('what comes after a date changes its forward returns, and neither its features nor who is chosen', async () => {
    const before = await workThrough(worker, { ...given, data: await write(small) });
    for (const [seed, sample] of [0, 3, 6].entries()) {
      const date = String(before.rows[sample]?.['date']);
      const after = await workThrough(worker, { ...given, data: await write(distorted(seed, (other) => other > date)) });
      expect(after.items).toEqual(before.items);
      const known = (rows: typeof before.rows) =>
        rows.filter((row) => String(row['date']) <= date).map((row) => Object.keys(features).map((name) => row[name]));
      expect(known(after.rows)).toEqual(known(before.rows));
      expect(after.rows[sample]?.['forwardReturn']).not.toBe(before.rows[sample]?.['forwardReturn']);
    }
  });

  test('the sessions up to a date change its features', async () => {
    const before = await workThrough(worker, { ...given, data: await write(small) });
    const date = String(before.rows[3]?.['date']);
    const after = await workThrough(worker, { ...given, data: await write(distorted(9, (other) => other === date)) });
    const changed = Object.keys(features).filter((name) => before.rows[3]?.[name] !== after.rows[3]?.[name]);
    expect(changed.length).toBeGreaterThan(20);
  });

  test.each([
    [{ symbols: '50' }, '8 symbols move and have all 160 sessions, 50 are asked for'],
    [{ samples: '90' }, '160 sessions, 90 samples need at least 161'],
  ])('%j', async (more, message) => {
    await expect(workThrough(worker, { ...given, ...more, data: await write(small) })).rejects.toThrow(message);
  });

  test('a row without a price, a file that is not there, an item that is not chosen', async () => {
    const wrong = new Map([['X', [session({ close: 0 })]]]);
    await expect(workThrough(worker, { ...given, data: await write(wrong) })).rejects.toThrow(/row 1 \(X\): close is 0/);
    await expect(workThrough(worker, { data: join(folder, 'none') })).rejects.toThrow('there is no such file');
    await expect(workThrough(worker, { ...given, data: await write(small) }, () => ['TESLA'])).rejects.toThrow(
      'TESLA: none of the 6 chosen symbols',
    );
  });
});

describe('a history', () => {
  test('a split is no loss, a fall of a fifth is', () => {
    const { steps, close } = historyOf([session({ close: 100 }), session({ open: 10, close: 11 }), session({ open: 8.8, close: 8.8 })]);
    expect(steps.map((step) => Math.exp(step).toFixed(3))).toEqual(['1.000', '1.100', '0.800']);
    expect(Math.exp(close.at(-1) ?? 0)).toBeCloseTo(0.88, 9);
  });

  test('what was not published stays as it was; money is counted, not shares, so a split does not change it', () => {
    const { share, delivered } = historyOf([session({ delivered: 0.4 }), session({ delivered: Number.NaN, turnover: 50 })]);
    expect([share, delivered]).toEqual([
      [0.4, 0.4],
      [4, 20],
    ]);
  });

  test('funds that hold cash are not chosen, however much they are traded', () => {
    const still = new Map([
      ...small,
      [
        'LIQUIDBEES',
        [...(small.get('M&M') ?? [])].map((own) => ({
          ...own,
          open: 1_000,
          high: 1_000,
          low: 1_000,
          close: 1_000,
          vwap: 1_000,
          turnover: 1e9,
        })),
      ],
    ]);
    const { chosen } = marketOf('x', still, { symbols: 8, samples: 2, horizon: 1 });
    expect([...chosen.keys()].toSorted()).toEqual([...small.keys()].toSorted());
  });

  test('the label looks from the next open to the close of the last session, never further than there are', () => {
    const { days, chosen } = marketOf('x', small, { symbols: 6, samples: 160 - LOOK_BACK - 10, horizon: 10 });
    expect(days.at(-1)?.index).toBeLessThan(160 - 10);
    expect(days[0]?.index).toBe(LOOK_BACK - 1);
    expect(chosen.size).toBe(6);
  });
});

/** Whether large moves follow large moves. */
const clustering = (steps: readonly number[]): number => {
  const sizes = steps.map(Math.abs);
  return stats.sampleCorrelation(sizes.slice(1), sizes.slice(0, -1));
};

let files = 0;

async function write(sessions: ReadonlyMap<string, readonly Session[]>): Promise<string> {
  const path = join(folder, `${files++}.parquet`);
  const rows = [...sessions].flatMap(([symbol, own]) =>
    own.map(({ turnover, trades, delivered, ...prices }) => {
      return { symbol, ...prices, turnover_lacs: turnover, trades, deliv_pct: Number.isNaN(delivered) ? null : delivered * 100 };
    }),
  );
  await writeParquet(path, rows, { types: { date: 'date' } });
  return path;
}

/** The small market, with everything on the affected dates multiplied by anything from 0.9 to 1.1. */
function distorted(seed: number, isAffected: (date: string) => boolean): ReadonlyMap<string, readonly Session[]> {
  const draws = new Draws(seed, 'distorted');
  const factor = (): number => 0.9 + 0.2 * draws.uniform();
  const distort = (own: Session): Session => {
    if (!isAffected(own.date)) return own;
    const [all, close] = [factor(), own.close * factor()];
    const prices = {
      open: own.open * all,
      vwap: own.vwap * all,
      close,
      high: Math.max(own.high * all, close),
      low: Math.min(own.low * all, close),
    };
    return { ...own, ...prices, turnover: own.turnover * factor(), trades: own.trades + 3, delivered: own.delivered * 0.9 * factor() };
  };
  return new Map([...small].map(([symbol, own]) => [symbol, own.map(distort)]));
}

function session(own: Partial<Session>): Session {
  return { date: '2020-01-01', open: 100, high: 100, low: 1, close: 100, vwap: 50, turnover: 10, trades: 5, delivered: 0.5, ...own };
}
