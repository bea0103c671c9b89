/**
 * A supervised-learning set from real daily exchange rates (data/fx, CC0): 100 currencies x 36 sample dates = 3,600 rows
 * of 27 features, the return that followed, and whether it was a gain.
 *
 * An item is one currency, such as EUR, and gives one row for each sample date. All numbers describe what one unit of
 * the currency is worth in US dollars; returns and distances are logarithmic. The dates of the data are irregular (10 days
 * apart on average), so a span is a number of observations: `return5obs` is the change over the last five.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import { defineWorker, UnrecoverableError } from 'shardyard';
import * as stats from 'simple-statistics';
import { z } from 'zod';

/** One number for each date, oldest first. */
type Series = readonly number[];

/** What is known about one currency on one sample date. It ends on that date: no feature can look ahead. */
interface Known {
  /** Logarithms of the value, oldest first: the last `HISTORY + 1`, today's at the end. */
  readonly logs: Series;
  /** The changes between them: the last `HISTORY`. */
  readonly steps: Series;
  readonly day: SampleDay;
}

/** The columns of the model's input, in this order. */
const features = {
  return1obs: ({ logs }) => change(logs, 1),
  return2obs: ({ logs }) => change(logs, 2),
  return5obs: ({ logs }) => change(logs, 5),
  return10obs: ({ logs }) => change(logs, 10),
  return20obs: ({ logs }) => change(logs, 20),
  volatility5obs: ({ steps }) => stats.sampleStandardDeviation(steps.slice(-5)),
  volatility10obs: ({ steps }) => stats.sampleStandardDeviation(steps.slice(-10)),
  volatility20obs: ({ steps }) => stats.sampleStandardDeviation(steps),
  momentum20obs: ({ steps }) => stats.sum(steps) / (stats.sampleStandardDeviation(steps) * Math.sqrt(20)),
  trend20obs: ({ logs }) => stats.sampleCorrelation([...logs.keys()], logs),
  maDistance5obs: ({ logs }) => at(logs, -1) - stats.mean(logs.slice(-5)),
  maDistance10obs: ({ logs }) => at(logs, -1) - stats.mean(logs.slice(-10)),
  zScore20obs: ({ logs }) => stats.zScore(at(logs, -1), stats.mean(logs.slice(-20)), stats.sampleStandardDeviation(logs.slice(-20))),
  highDistance20obs: ({ logs }) => at(logs, -1) - stats.max(logs),
  lowDistance20obs: ({ logs }) => at(logs, -1) - stats.min(logs),
  maxDrawdown20obs: ({ logs }) => stats.min(logs.map((value, x) => value - stats.max(logs.slice(0, x + 1)))),
  rsi10obs: ({ steps }) => relativeStrength(steps.slice(-10)),
  skewness20obs: ({ steps }) => stats.sampleSkewness(steps),
  kurtosis20obs: ({ steps }) => stats.sampleKurtosis(steps),
  autocorrelation20obs: ({ steps }) => stats.sampleCorrelation(steps.slice(1), steps.slice(0, -1)),
  rank5obs: ({ logs, day }) => stats.quantileRankSorted(day.sortedReturns5, change(logs, 5)),
  rank20obs: ({ logs, day }) => stats.quantileRankSorted(day.sortedReturns20, change(logs, 20)),
  basketReturn5obs: ({ day }) => stats.sum(day.basket.slice(-5)),
  basketCorrelation20obs: ({ steps, day }) => stats.sampleCorrelation(steps, day.basket),
  basketBeta20obs: ({ steps, day }) => stats.sampleCovariance(steps, day.basket) / stats.sampleVariance(day.basket),
  daysSinceLast: ({ day }) => day.daysSinceLast,
  month: ({ day }) => day.month,
} satisfies Record<string, (known: Known) => number>;

/** Observations that every feature may look back on. */
const HISTORY = 20;
/** Currencies chosen, as far as the file has that many. */
const CURRENCIES = 100;
/** A logarithmic step beyond this is a reform, a devaluation or a wrong number, not the market. */
const WILD_STEP = 0.1;
/** Of currencies pegged to one of these, the anchor is the one to keep. */
const ANCHORS = ['EUR', 'GBP', 'INR', 'SGD', 'ZAR'];

const params = z.strictObject({
  /** A `date` column (YYYY-MM-DD, ascending), then one column of units per US dollar for each currency. */
  dataFile: z.string().default(join(import.meta.dirname, '../data/fx/usd_rates_wide_common.csv')),
  /** Sample dates, spread evenly; at most one for each observation that has a past and a future. */
  samples: z.coerce.number().int().positive().default(36),
  /** Observations that the label looks ahead. At 2, the default samples' futures do not overlap. */
  horizon: z.coerce.number().int().positive().default(2),
});
type Params = z.output<typeof params>;

export default defineWorker({
  params,
  columns: ['symbol', 'date', ...Object.keys(features), 'forwardReturn', 'label'],
  // A currency takes less time than a child takes to start.
  defaults: { batchSize: 25 },

  items: (given) => readMarket(given).chosen,

  setup: ({ params: given, log }) => {
    const market = readMarket(given);
    log(`${market.days.length} sample dates from ${market.days[0]?.date} to ${market.days.at(-1)?.date}`);
    return market;
  },

  process: (symbol: string, { params: given, state: market }) => {
    const all = market.series.get(symbol);
    if (!all) {
      throw new UnrecoverableError(
        `${symbol}: not a column of positive numbers in ${given.dataFile}: leave the item out, or mend the file`,
      );
    }
    return market.days.map((day) => {
      const logs = all.slice(day.index - HISTORY, day.index + 1);
      const known: Known = { logs, steps: stepsOf(logs), day };
      const values = Object.entries(features).map(([name, feature]) => [name, rounded(feature(known))] as const);
      const forwardReturn = rounded(at(all, day.index + given.horizon) - at(all, day.index));
      return { symbol, date: day.date, ...Object.fromEntries(values), forwardReturn, label: forwardReturn > 0 ? 1 : 0 };
    });
  },
});

/** What all items share: read and computed once per child. */
interface Market {
  /** Symbol to the logarithms of its value, one for each date of the file. */
  readonly series: ReadonlyMap<string, Series>;
  /** The symbols that are the items. */
  readonly chosen: readonly string[];
  readonly days: readonly SampleDay[];
}

/** A sample date, and what is the same on it for every currency. */
interface SampleDay {
  /** Position in the file, from 0. */
  readonly index: number;
  readonly date: string;
  /** 1 to 12. */
  readonly month: number;
  readonly daysSinceLast: number;
  /** The last `HISTORY` steps of the equal-weight basket of the chosen currencies. */
  readonly basket: Series;
  /** The chosen currencies' returns, ascending, to rank one's own among. */
  readonly sortedReturns5: Series;
  readonly sortedReturns20: Series;
}

function readMarket({ dataFile, samples, horizon }: Params): Market {
  const { dates, series } = readRates(dataFile);
  const room = dates.length - HISTORY - horizon;
  if (room < samples) {
    const needed = `${samples} samples need at least ${HISTORY + samples + horizon}`;
    throw new Error(`${dataFile}: ${dates.length} dates, ${needed}: lower samples or horizon, or give a longer dataFile`);
  }
  const chosen = choose(series);
  if (chosen.length === 0) throw new Error(`${dataFile}: no usable currency: give a dataFile with columns of positive, moving rates`);
  const peers = chosen.map((symbol) => series.get(symbol) ?? []);
  const stride = samples === 1 ? 1 : Math.floor((room - 1) / (samples - 1));
  const basket = basketOf(peers);
  const days = Array.from({ length: samples }, (_, sample) => sampleDay(dates, peers, basket, HISTORY + sample * stride));
  return { series, chosen, days };
}

/** The dates, and the columns that hold nothing but positive numbers. */
function readRates(file: string): { dates: readonly string[]; series: ReadonlyMap<string, Series> } {
  const text = readFileSync(file, 'utf8');
  const [header = [], ...rows] = Papa.parse<string[]>(text, { delimiter: ',', newline: '\n', skipEmptyLines: true }).data;
  const dates = rows.map(([date = '']) => date);
  for (const [index, row] of rows.entries()) {
    const place = `${file}:${index + 2}`;
    const [date = ''] = row;
    if (row.length !== header.length) throw new Error(`${place}: ${row.length} cells, the header has ${header.length}: mend the line`);
    if (!/^\d{4}-\d\d-\d\d$/.test(date) || Number.isNaN(Date.parse(date)))
      throw new Error(`${place}: "${date}" is no date: write it as YYYY-MM-DD`);
    if (date <= (dates[index - 1] ?? '')) throw new Error(`${place}: ${date} is not after the line before: sort the lines by date`);
  }
  const columns = header.slice(1).map((code, column) => [code.trim().toUpperCase(), rows.map((row) => Number(row[column + 1]))] as const);
  const usable = columns.filter(([, rates]) => rates.every((rate) => rate > 0 && rate < Infinity));
  return { dates, series: new Map(usable.map(([symbol, rates]) => [symbol, rates.map(logValue)])) };
}

/**
 * The currencies that are items: those without a wild step, one of each group that moves as one (pegs), and of these the
 * liveliest, by their typical step. Judged by the first `HISTORY` steps alone, which every sample date has behind it: to
 * choose with hindsight would be to look ahead, too. In the shipped file this also drops what is wrong in it: dead codes
 * (LVL, ZMK, ZWL) with a stale rate on 2024-04-01 and 2024-06-10, and coins that are off by millions on 2025-12-06 (BTC).
 */
function choose(series: ReadonlyMap<string, Series>): readonly string[] {
  const candidates = [...series]
    .map(([symbol, logs]) => ({ symbol, steps: stepsOf(logs.slice(0, HISTORY + 1)) }))
    .map((candidate) => ({ ...candidate, typicalStep: typical(candidate.steps) }))
    .filter(({ steps, typicalStep }) => typicalStep > 0 && steps.every((step) => Math.abs(step) <= WILD_STEP))
    .toSorted((a, b) => Number(ANCHORS.includes(b.symbol)) - Number(ANCHORS.includes(a.symbol)));
  const kept: typeof candidates = [];
  for (const { symbol, steps, typicalStep } of candidates) {
    const aboutAsLively = kept.filter((other) => Math.abs(other.typicalStep - typicalStep) < typicalStep / 2);
    const isTwin = aboutAsLively.some((other) => typical(differences(steps, other.steps)) < typicalStep / 10);
    if (!isTwin) kept.push({ symbol, steps, typicalStep });
  }
  const liveliest = kept.toSorted((a, b) => b.typicalStep - a.typicalStep).slice(0, CURRENCIES);
  return liveliest.map(({ symbol }) => symbol).toSorted();
}

function sampleDay(dates: readonly string[], peers: readonly Series[], basket: Series, index: number): SampleDay {
  const [before = '', date = ''] = dates.slice(index - 1, index + 1);
  const known = peers.map((logs) => logs.slice(0, index + 1));
  return {
    index,
    date,
    month: Number(date.slice(5, 7)),
    daysSinceLast: (Date.parse(date) - Date.parse(before)) / 86_400_000,
    basket: basket.slice(index - HISTORY, index),
    sortedReturns5: known.map((logs) => change(logs, 5)).toSorted((a, b) => a - b),
    sortedReturns20: known.map((logs) => change(logs, 20)).toSorted((a, b) => a - b),
  };
}

/** The mean of all steps, each limited, so that one reform (IRR, 2026: a twenty-fourth overnight) is not the whole basket. */
function basketOf(peers: readonly Series[]): Series {
  const steps = peers.map((logs) => stepsOf(logs).map((step) => Math.min(Math.max(step, -WILD_STEP), WILD_STEP)));
  return (steps[0] ?? []).map((_, index) => stats.mean(steps.map((own) => at(own, index))));
}

/**
 * A multiple of 2^-40, finer than the rates: so sums and differences are exact, and the rows have the same bytes under
 * every version of V8, whose logarithms may differ in the last bit.
 */
function logValue(unitsPerDollar: number): number {
  return Math.round(-Math.log(unitsPerDollar) * 2 ** 40) / 2 ** 40;
}

/** Six decimals, never -0; 0 for what has no value, such as the skewness of a rate that did not move. */
function rounded(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 1e6) / 1e6 + 0 : 0;
}

/** The share of the gains in all movement, 0 to 100. */
function relativeStrength(steps: Series): number {
  const moved = stats.sum(steps.map(Math.abs));
  return moved === 0 ? 50 : (100 * stats.sum(steps.filter((step) => step > 0))) / moved;
}

function typical(steps: Series): number {
  return stats.median(steps.map(Math.abs));
}

function stepsOf(logs: Series): Series {
  return differences(logs.slice(1), logs);
}

function differences(minuends: Series, subtrahends: Series): Series {
  return minuends.map((minuend, index) => minuend - at(subtrahends, index));
}

function change(logs: Series, span: number): number {
  return at(logs, -1) - at(logs, -1 - span);
}

/** Negative positions count from the end. Throws where there is nothing, lest a feature silently becomes 0. */
function at(numbers: Series, position: number): number {
  const number = numbers.at(position);
  if (number === undefined) throw new RangeError(`position ${position} of ${numbers.length}: raise HISTORY for a longer look back`);
  return number;
}
