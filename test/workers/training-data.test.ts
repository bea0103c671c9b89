import { join } from 'node:path';
import * as fc from 'fast-check';
import { writeParquet } from 'shardyard/parquet';
import { runItem } from 'shardyard/testing';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { withoutKey } from '../../workers/shared/secrets.ts';
import { dailyBars, symbols } from '../../workers/stand-in/stocks.ts';
import { startPrices } from '../../workers/stand-in/prices.ts';
import worker from '../../workers/training-data.ts';
import { backTest } from '../../workers/training-data/back-test.ts';
import type { Bar } from '../../workers/training-data/bars.ts';
import { serve } from '../child/server.ts';
import { Place } from '../process/support.ts';

const FILE = join(import.meta.dirname, '../../workers/training-data.ts');
const SPAN = { from: '2019-12-31', until: '2025-12-31', seed: 'test' };

const csv = (rows: readonly object[]): string =>
  `${Object.keys(rows[0] ?? {}).join(',')}\n${rows.map((row) => `${Object.values(row).join(',')}\n`).join('')}`;
const rowsOf = (source: string) => runItem(worker, 'SYN0002', { params: { source, 'years-back': '6' } });

describe('a run', () => {
  test('faults are counted, what is refused twice is left out and listed, and any shape gives the same bytes', async () => {
    const server = await startPrices({ latency: 1 });
    onTestFinished(() => server.close());
    const place = new Place({ 'symbols.txt': `${symbols().slice(0, 24).join('\n')}\n` });
    const source = `source=${server.url}/daily?symbol={symbol}&from={from}&until={until}`;
    const options = ['--items', 'symbols.txt', '--param', source, '--param', 'years-back=5', '--min-delay', '2ms', '--progress', 'none'];
    const several = await place.shardyard('run', FILE, ...options, '-p', '2', '--concurrency', '4', '--name', 'r', '-o', 'a.csv');
    const { failures, calls, items, budgets } = place.report();
    expect(several.code).toBe(1);
    expect(items).toMatchObject({ total: 24, done: 24 - items.failed });
    expect(items.failed).toBeGreaterThan(0);
    expect(failures).toHaveLength(items.failed);
    for (const failure of failures) expect(failure).toMatchObject({ cause: 'error', tries: 1, message: 'the API answered 401, twice' });
    expect(calls?.failed['401']).toBeGreaterThanOrEqual(2 * items.failed);
    expect(calls?.failed).toMatchObject({ '500': 1 });
    expect(budgets?.[0]).toMatchObject({ name: 'default', rpmLimit: 30_000, calls: calls?.calls });
    const log = [0, 1].map((shard) => place.read(`logs/r/shard-0000${shard}.log`)).join('');
    expect(log).toMatch(/^10 items, \d+ of them skipped$/m);
    expect(log).toMatch(/^SYN\d+: 401, asked once more$/m);

    const one = await place.shardyard('run', FILE, ...options, '-p', '1', '--max-failures', '5%', '--name', 's', '-o', 'b.csv');
    expect(one.code).toBe(0);
    expect(place.read('b.csv')).toBe(place.read('a.csv'));
    expect(place.report('s').calls?.hits).toBe(24 - items.failed);
    expect(place.lines('a.csv')).toHaveLength(1 + 24 - items.failed);
  });
});

describe('sources', () => {
  test('an API with CSV or JSON, a Parquet and a CSV file give the same rows', async () => {
    const stocks = ['SYN0001', 'SYN0002', 'SYN0003'].map((symbol) => ({ symbol, bars: dailyBars(symbol, SPAN) }));
    const bars = stocks.flatMap((stock) => stock.bars.map((bar) => ({ symbol: stock.symbol, ...bar })));
    const place = new Place({ 'all.csv': csv(bars.toReversed()) });
    await writeParquet(
      join(place.cwd, 'all.parquet'),
      bars.map(({ symbol, date, close, volume }) => ({
        symbol,
        date: new Date(date),
        close_paise: Math.round(close * 100),
        volume: BigInt(volume ?? 0),
      })),
      { types: { date: 'date', close_paise: 'int32', volume: 'int64' } },
    );
    const second = stocks[1]?.bars ?? [];
    const api = await serve({ status: 200, body: second.toReversed() });
    const rows = await rowsOf(join(place.cwd, 'all.csv'));
    expect(rows).toMatchObject([{ symbol: 'SYN0002', days: second.length, positions: expect.any(Number) }]);
    expect(await rowsOf(join(place.cwd, 'all.parquet'))).toEqual(rows);
    expect(await rowsOf(`${api.url}/{symbol}`)).toEqual(rows);
    expect(api.requests).toEqual(['/SYN0002']);
    await expect(
      worker.items?.({ source: join(place.cwd, 'all.parquet'), 'years-back': 6, until: SPAN.until, cost: 0 }),
    ).resolves.toMatchObject([
      { symbol: 'SYN0001' },
      { symbol: 'SYN0002', runs: [[stocks[0]?.bars.length, (stocks[0]?.bars.length ?? 0) + second.length]] },
      { symbol: 'SYN0003' },
    ]);
  });

  test("a file that was written anew is read anew; numbers are symbols; a bad day is nobody else's", async () => {
    const place = new Place();
    const file = join(place.cwd, 'p.parquet');
    await writeParquet(file, [...risingFrom(600_519, 50), ...risingFrom(600_520, 70)]);
    const params = { source: file };
    const items = await worker.items?.({ source: file, 'years-back': 10, until: '2025-12-31', cost: 0.001 });
    const [, item] = [...((items ?? []) as Iterable<Item>)];
    const [row] = await runItem(worker, item ?? '', { params });
    expect(row).toMatchObject({ symbol: '600520', days: 130 });
    const broken = risingFrom(7, 1).map((day, index) => (index === 3 ? { ...day, Close: -1 } : day));
    await writeParquet(file, [...broken, ...risingFrom(600_519, 50), ...risingFrom(600_520, 70)]);
    expect(await runItem(worker, item ?? '', { params })).toEqual([row]);
    await expect(runItem(worker, '7', { params })).rejects.toThrow('a close that is no positive number');
  });

  test('what cannot be right is refused with its place', async () => {
    const header = 'Symbol,Date,Close\n';
    const place = new Place({
      'twice.csv': `${header}A,2024-01-02,5\n\nA,2024-01-02,6\n`,
      'text.csv': `${header}A,2024-01-02,5\n\nA,2024-01-03,much\n`,
      'semicolon.csv': 'symbol;date;close\nA;2024-01-02;5\n',
      'gap.csv': `${header}A,2024-01-02,5\nA,2024-01-03,\n`,
    });
    const of = (name: string) => runItem(worker, 'A', { params: { source: join(place.cwd, name) } });
    await expect(of('twice.csv')).rejects.toThrow('A has 2024-01-02 twice');
    await expect(of('text.csv')).rejects.toThrow(/text\.csv:4: a close that is no positive number/);
    await expect(of('semicolon.csv')).rejects.toThrow('separated by commas');
    expect(await of('gap.csv')).toMatchObject([{ days: 1 }]);
  });

  test.each([
    ['date,close\n2024-01-02,5\n2024-01-03,6', 2],
    ['[{"Date":"2024-01-02T00:00:00Z","Close":5},{"Date":"2024-01-03","Close":null}]', 1],
    ['', 0],
  ])('an answer %j has %d days', async (body, days) => {
    const server = await serve({ status: 200, text: body });
    expect(await runItem(worker, 'A&B C', { params: { source: `${server.url}/{symbol}` } })).toMatchObject([{ symbol: 'A&B C', days }]);
    expect(server.requests).toEqual(['/A%26B%20C']);
  });

  test('an answer of another kind is not asked for again, and the key is in no message', async () => {
    vi.stubEnv('PRICES_API_KEY', 'se/cret');
    const server = await serve({ status: 200, text: '{"data":[]}' }, { status: 500, text: 'you sent se/cret' });
    const item = runItem(worker, 'A', { params: { source: `${server.url}/{symbol}?key={key}` } });
    await expect(item).rejects.toThrow('neither CSV nor a JSON array');
    expect(server.requests).toEqual(['/A?key=se%2Fcret']);
    expect(inspect(withoutKey(new Error('a', { cause: new Error('?key=se%2Fcret and se/cret') }), 'se/cret'))).not.toMatch(/se.+cret/);
    vi.unstubAllEnvs();
  });

  test.each([
    ['nowhere.parquet', 'there is no file nowhere.parquet'],
    [import.meta.dirname, 'there is no file'],
    ['https://{key}@prices.example/{symbol}', 'PRICES_API_KEY is not set'],
    ['https://name:word@prices.example/{symbol}', 'cannot be fetched'],
    ['https://prices.example/daily', 'put {symbol}'],
    ['https://prices.example/{symbol}?key={key}', 'PRICES_API_KEY is not set'],
    [FILE, 'give a .parquet or a .csv file'],
  ])('%s is refused', async (source, message) => {
    await expect(runItem(worker, 'A', { params: { source } })).rejects.toThrow(message);
  });
});

describe('the back-test', () => {
  const bars = dailyBars('SYN0007', SPAN);

  test('what comes after an entry changes what became of it, never its features', () => {
    const whole = backTest('S', bars, { cost: 0.001 });
    expect(whole.positions).toBeGreaterThan(3);
    fc.assert(
      fc.property(fc.integer({ min: 130, max: bars.length - 1 }), (days) => {
        const { entries } = backTest('S', bars.slice(0, days), { cost: 0.001 });
        for (const [index, { return: _, held: __, ...known }] of entries.entries()) expect(whole.entries[index]).toMatchObject(known);
        const closed = entries.filter((entry) => entry.return !== null);
        expect(whole.entries.slice(0, closed.length)).toEqual(closed);
      }),
      { numRuns: 30 },
    );
  });

  test('the total return is what the trades made of the money', () => {
    const { entries, totalReturn, trades, winRate } = backTest('S', [...bars, ...fallen(bars)], { cost: 0.002 });
    expect(entries).toHaveLength(trades);
    const product = entries.reduce((money, entry) => money * (1 + (entry.return ?? Number.NaN)), 1);
    expect(totalReturn).toBeCloseTo(product - 1, 4);
    expect(winRate).toBeCloseTo(entries.filter((entry) => (entry.return ?? 0) > 0).length / trades, 5);
  });

  test('a split changes nothing', () => {
    // But the move of its day, which nobody can tell from it: here there is none.
    const still = bars.map((bar, day) => (day === 500 ? { ...bar, close: bars[499]?.close ?? 0 } : bar));
    const split = still.map((bar, day) => (day < 500 ? bar : { ...bar, close: bar.close / 2, volume: 2 * (bar.volume ?? 0) }));
    expect(backTest('S', split, { cost: 0 })).toEqual(backTest('S', still, { cost: 0 }));
  });

  test('signals on whose morrow nobody trades are not carried out', () => {
    const first = backTest('S', bars, { cost: 0 }).entries[0]?.date;
    const day = bars.findIndex(({ date }) => date === first) + 1;
    const stopped = bars.map((bar, index) => (index === day ? { ...bar, volume: 0 } : bar));
    const { entries, executionRate } = backTest('S', stopped, { cost: 0 });
    expect(executionRate).toBeLessThan(1);
    expect(entries[0]?.date).not.toBe(first);
  });

  test('a stock with a short past has a row without trades', () => {
    expect(backTest('S', bars.slice(0, 90), { cost: 0 })).toMatchObject({
      days: 90,
      positions: 0,
      score: null,
      buyAndHold: null,
      entries: [],
    });
    expect(backTest('S', [], { cost: 0 })).toMatchObject({ days: 0, firstDate: null, totalReturn: null });
  });
});

type Item = string | { readonly symbol: string };

const risingFrom = (symbol: number | string, first: number) =>
  Array.from({ length: 130 }, (_, day) => ({ Symbol: symbol, Date: dayAfter('2024-01-01', day), Close: first + day }));

const dayAfter = (date: string, days: number): string => new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);

/** Days in which the price goes down until everything is sold. */
function fallen(bars: readonly Bar[]): readonly Bar[] {
  const { date = '', close = 0 } = bars.at(-1) ?? {};
  return Array.from({ length: 60 }, (_, day) => ({
    date: new Date(Date.parse(date) + (day + 1) * 86_400_000).toISOString().slice(0, 10),
    close: close * 0.98 ** (day + 1),
    volume: 1,
  }));
}
