import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { type Permit, UnrecoverableError } from 'shardyard';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import worker from '../../workers/fx-features.ts';
import { distorted, rateLines, removeRateFiles, writeLines, writeRates, zigzag } from './fx-rates.ts';
import { NO_CALLS } from '../support/no-calls.ts';

const columns = worker.columns ?? [];
afterAll(removeRateFiles);

let asShipped: ReturnType<typeof workThrough> | undefined;
/** All of it, computed once. */
const shipped = (): ReturnType<typeof workThrough> => (asShipped ??= workThrough());

describe('the shipped data', () => {
  test('100 currencies x 36 dates: 3,600 rows of 27 finite features', async () => {
    const { items, samples } = await shipped();
    expect(items).toHaveLength(100);
    expect(items).toEqual(expect.arrayContaining(['EUR', 'GBP', 'INR', 'JPY', 'ZAR']));
    expect(items.filter((symbol) => !/^[A-Z]{3}$/.test(symbol))).toEqual([]);
    expect(samples).toHaveLength(3_600);
    expect(new Set(samples.map(({ symbol, date }) => `${symbol} ${date}`)).size).toBe(3_600);
    expect(new Set(samples.map(({ date }) => date)).size).toBe(36);
    const shape = samples.map(({ features }) => Object.keys(features).join());
    expect(new Set(shape)).toEqual(new Set([columns.slice(2, -2).join()]));
    expect(columns).toHaveLength(2 + 27 + 2);
  });

  test('the label is the sign of the forward return, and neither class is rare', async () => {
    const { samples } = await shipped();
    expect(samples.filter(({ label, forwardReturn }) => label !== (forwardReturn > 0 ? 1 : 0))).toEqual([]);
    const gains = samples.filter(({ label }) => label === 1).length;
    expect(gains).toBeGreaterThan(1_200);
    expect(gains).toBeLessThan(2_400);
  });

  test('no feature is constant, and none repeats another', async () => {
    const { samples } = await shipped();
    const values = columns.slice(2, -2).map((name) => samples.map(({ features }) => features[name]));
    expect(values.map((column) => new Set(column).size).filter((distinct) => distinct < 5)).toEqual([]);
    expect(new Set(values.map((column) => column.join())).size).toBe(27);
  });

  test('numbers have six decimals at most and no negative zero', async () => {
    const { samples } = await shipped();
    const numbers = samples.flatMap(({ features, forwardReturn }) => [...Object.values(features), forwardReturn]);
    expect(numbers.filter((number) => Number(number.toFixed(6)) !== number || Object.is(number, -0))).toEqual([]);
  });

  test('rows depend on the item alone, not on what the child did before', async () => {
    const forward = await shipped();
    const backward = await workThrough({}, forward.items.toReversed());
    const bySymbol = Map.groupBy(backward.samples, ({ symbol }) => symbol);
    expect(forward.items.flatMap((symbol) => bySymbol.get(symbol))).toEqual(forward.samples);
  });
});

describe('no look ahead', () => {
  const anySample = fc.nat({ max: 35 });

  test('what comes after a date changes its forward returns, and neither its features nor the items', async () => {
    const items = await itemsOf({});
    const before = await workThrough({}, fewOf(items));
    const check = async (sample: number, seed: number) => {
      const date = before.samples[sample]?.date ?? '';
      const dataFile = distorted(seed, (other) => other > date);
      expect(await itemsOf({ dataFile })).toEqual(items);
      const after = await workThrough({ dataFile }, fewOf(items));
      const changed = before.samples.filter((row, index) => !isDeepStrictEqual(row.features, after.samples[index]?.features));
      expect(changed.filter((row) => row.date <= date)).toEqual([]);
      expect(after.samples[sample]?.date).toBe(date);
      expect(after.samples[sample]?.forwardReturn).not.toBe(before.samples[sample]?.forwardReturn);
    };
    await fc.assert(fc.asyncProperty(anySample, fc.integer(), check), { numRuns: 8 });
  });

  test('the rates of a date change every currency’s features on it, and none before', async () => {
    const items = fewOf(await itemsOf({}));
    const before = await workThrough({}, items);
    const check = async (sample: number, seed: number) => {
      const date = before.samples[sample]?.date ?? '';
      const after = await workThrough({ dataFile: distorted(seed, (other) => other === date) }, items);
      const changed = before.samples.filter((row, index) => !isDeepStrictEqual(row.features, after.samples[index]?.features));
      expect(changed.filter((row) => row.date < date)).toEqual([]);
      expect(changed.filter((row) => row.date === date)).toHaveLength(items.length);
    };
    await fc.assert(fc.asyncProperty(anySample, fc.integer(), check), { numRuns: 8 });
  });
});

describe('values worked out by hand', () => {
  // UPP gains 0.02 and loses 0.01 by turns; DWN loses 1/32 each time (a fraction that is exact); PEG does not move.
  const prices = { UPP: zigzag, DWN: (step: number) => -step / 32, PEG: () => 0 };
  const short = { dataFile: writeRates(24, prices), samples: 2 };

  test('of a zigzag', async () => {
    const [first] = await samplesOf('UPP', short);
    expect(first).toEqual({
      symbol: 'UPP',
      date: '2024-01-21',
      forwardReturn: 0.01,
      label: 1,
      features: {
        return1obs: -0.01,
        return2obs: 0.01,
        return5obs: 0.01,
        return10obs: 0.05,
        return20obs: 0.1,
        volatility5obs: 0.016432, // three losses and two gains about their mean of 0.002: √(0.00108 / 4)
        volatility10obs: 0.015811, // 0.015 · √(10/9)
        volatility20obs: 0.01539, // 0.015 · √(20/19)
        momentum20obs: 1.452966, // 0.1 / (0.01539 · √20)
        trend20obs: 0.970725, // √(49/52): variance of the line 110/12, of line and zigzag 110/12 + 2.25 · (10/21) · (11/21)
        maDistance5obs: 0.004, // 0.10 over the mean of 0.08, 0.10, 0.09, 0.11 and 0.10
        maDistance10obs: 0.015, // 0.10 over 0.085
        zScore20obs: 1.337249, // (10 − 6) / √(170/19) hundredths
        highDistance20obs: -0.01,
        lowDistance20obs: 0.1,
        maxDrawdown20obs: -0.01,
        rsi10obs: 66.666667, // gains of 5 · 0.02, losses of 5 · 0.01
        skewness20obs: 0,
        kurtosis20obs: -2.235294, // 19 / (18 · 17) · (20 · 21 / 20 − 3 · 19)
        autocorrelation20obs: -1,
        rank5obs: 1,
        rank20obs: 1,
        basketReturn5obs: -0.073125, // (0.01 − 5/32) / 2
        basketCorrelation20obs: 1,
        basketBeta20obs: 2, // half of the basket is UPP, the other half is constant
        daysSinceLast: 1,
        month: 1,
      },
    });
  });

  test('of a steady fall: what would be divided by its volatility of 0 is 0', async () => {
    const [first] = await samplesOf('DWN', short);
    expect(first).toMatchObject({
      forwardReturn: -0.0625,
      label: 0,
      features: {
        return1obs: -0.03125,
        return20obs: -0.625,
        volatility20obs: 0,
        momentum20obs: 0,
        trend20obs: -1,
        zScore20obs: -1.605793, // −9.5 / √(20 · 21 / 12)
        highDistance20obs: -0.625,
        lowDistance20obs: 0,
        maxDrawdown20obs: -0.625,
        rsi10obs: 0,
        skewness20obs: 0,
        kurtosis20obs: 0,
        autocorrelation20obs: 0,
        rank5obs: 0.5,
        basketCorrelation20obs: 0,
        basketBeta20obs: 0,
      },
    });
  });

  test('of a rate that never moves: no item, but it gives rows when asked for', async () => {
    expect(await itemsOf(short)).toEqual(['DWN', 'UPP']);
    const [first] = await samplesOf('PEG', short);
    expect(first).toMatchObject({
      forwardReturn: 0,
      label: 0,
      features: { return20obs: 0, rsi10obs: 50, kurtosis20obs: 0, zScore20obs: 0 },
    });
  });

  test('samples are spread evenly from the first date with a past; the horizon is kept', async () => {
    const samples = await samplesOf('DWN', { dataFile: writeRates(30, prices), samples: '3', horizon: '4' });
    // Positions 20 to 25 have a past of 20 and a future of 4.
    expect(samples.map(({ date }) => date)).toEqual(['2024-01-21', '2024-01-23', '2024-01-25']);
    expect(samples.map(({ forwardReturn }) => forwardReturn)).toEqual([-0.125, -0.125, -0.125]);
  });

  test('wild currencies and twins are no items; the anchor of the twins is one', async () => {
    const dataFile = writeRates(24, {
      BAM: (step) => zigzag(step) + 0.67,
      EUR: zigzag,
      JMP: (step) => (step === 7 ? 0.5 : zigzag(step)),
      LATE: (step) => (step > 20 ? -3 : -zigzag(step)),
    });
    expect(await itemsOf({ dataFile, samples: 2 })).toEqual(['EUR', 'LATE']);
  });
});

describe('mistakes are explained', () => {
  const lines = rateLines(40, { AAA: zigzag });

  test.each([
    ['too few dates', writeLines(lines), /40 dates, 36 samples need at least 58: lower samples or horizon/],
    ['a torn line', writeLines(lines.with(4, '2024-01-04')), /:5: 1 cells, the header has 2: mend the line/],
    ['a date in another form', writeLines(lines.with(4, '04/01/2024,1')), /:5: "04\/01\/2024" is no date: write it as YYYY-MM-DD/],
    ['an impossible date', writeLines(lines.with(4, '2024-13-04,1')), /:5: "2024-13-04" is no date/],
    ['a date twice', writeLines(lines.with(4, '2024-01-03,1')), /:5: 2024-01-03 is not after the line before: sort the lines/],
    ['nothing that moves', writeRates(58, { PEG: () => 0 }), /no usable currency: give a dataFile with/],
    ['no file', 'none.csv', /ENOENT.*none\.csv/],
  ])('%s', async (_, dataFile, message) => {
    await expect(itemsOf({ dataFile })).rejects.toThrow(message);
  });

  test.each(['XXX', 'BBB'])('a currency that is missing or incomplete fails without retries: %s', async (symbol) => {
    const dataFile = writeLines(lines.map((line, index) => `${line},${index === 0 ? 'BBB' : index === 9 ? '' : 1}`));
    const failing = samplesOf(symbol, { dataFile, samples: 2 });
    await expect(failing).rejects.toThrow(`${symbol}: not a column of positive numbers in ${dataFile}`);
    await expect(failing).rejects.toBeInstanceOf(UnrecoverableError);
  });

  test.each([{ samples: 0 }, { samples: '1.5' }, { horizon: -1 }, { horizon: 'two' }, { sample: 3 }])('refuses %j', (given) => {
    expect(worker.params?.safeParse(given).success).toBe(false);
  });
});

type Given = Readonly<Record<string, unknown>>;

const sampleSchema = z
  .looseObject({ symbol: z.string(), date: z.iso.date(), forwardReturn: z.number(), label: z.literal([0, 1]) })
  .transform(({ symbol, date, forwardReturn, label, ...rest }) => {
    // z.number() takes neither NaN nor an infinity.
    return { symbol, date, forwardReturn, label, features: z.record(z.string(), z.number()).parse(rest) };
  });
type Sample = z.infer<typeof sampleSchema>;

/** A dozen of the items; the others count through the ranks and the basket. */
function fewOf(items: readonly string[]): readonly string[] {
  return items.filter((_, index) => index % 9 === 0);
}

/** Nobody is in the way of a call. */
const permit = async (): Promise<Permit> => ({ waitedMs: 0, settle: () => undefined });

/** What a child gives that sets up and works through these items (default: the worker's own). */
async function workThrough(
  given: Given = {},
  symbols?: readonly string[],
): Promise<{ items: readonly string[]; samples: readonly Sample[] }> {
  const params = paramsOf(given);
  const shared = { params, signal: new AbortController().signal, log: () => undefined, permit };
  const items = symbols ?? (await itemsOf(given));
  if (!worker.setup) throw new Error('the worker has lost its setup');
  const state = await worker.setup(shared);
  const samples: Sample[] = [];
  for (const [index, symbol] of items.entries()) {
    const rows = await worker.process(symbol, { ...shared, ...NO_CALLS, state, index, key: symbol, shard: 0, batch: 0, attempt: 1 });
    samples.push(...z.array(sampleSchema).parse(rows));
  }
  return { items, samples };
}

async function samplesOf(symbol: string, given: Given): Promise<readonly Sample[]> {
  return (await workThrough(given, [symbol])).samples;
}

async function itemsOf(given: Given): Promise<readonly string[]> {
  const items: string[] = [];
  for await (const item of (await worker.items?.(paramsOf(given))) ?? []) items.push(item);
  return items;
}

function paramsOf(given: Given) {
  if (!worker.params) throw new Error('the worker has lost its schema');
  return worker.params.parse(given);
}
