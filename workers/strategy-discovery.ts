/**
 * 4,620 trading strategies on 20 years of real daily bars, three lot sizes each: 13,860 rows of what they brought, what they cost and how sure
 * that is. See docs/strategy-discovery.md.
 *
 * An item is one strategy of the grid (strategy-discovery/grid.ts), such as `rsi-reversal_14_30_both_stop2_trend`, and gives a row for
 * each lot size.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineWorker, UnrecoverableError } from 'shardyard';
import { z } from 'zod';
import { Draws } from './shared/draws.ts';
import { type Bars, readBars } from './strategy-discovery/bars.ts';
import { STRATEGIES } from './strategy-discovery/grid.ts';
import { atr, type Series } from './strategy-discovery/indicators.ts';
import { resample } from './strategy-discovery/resample.ts';
import { directionsOf } from './strategy-discovery/signals.ts';
import { simulate } from './strategy-discovery/simulate.ts';
import { returnsOf, statisticsOf } from './strategy-discovery/statistics.ts';

const types = {
  strategy: 'string',
  family: 'string',
  lookback: 'int32',
  setting: 'double',
  side: 'string',
  stop: 'int32',
  filter: 'string',
  lots: 'int32',
  totalReturn: 'double',
  annualReturn: 'double',
  sharpe: 'double',
  sharpeEarly: 'double',
  sharpeLate: 'double',
  sharpeLow: 'double',
  maxDrawdown: 'double',
  drawdownHigh: 'double',
  trades: 'int32',
  winRate: 'double',
  profitFactor: 'double',
  exposure: 'double',
  marginCalls: 'int32',
  costs: 'double',
} as const;

const lotSizes = z
  .string()
  .regex(/^\d+(,\d+)*$/, 'whole numbers, such as 1,4,16')
  .transform((list) => list.split(',').map(Number))
  .refine((lots) => lots.every((lot) => lot > 0) && new Set(lots).size === lots.length, 'different numbers above 0');

const params = z.strictObject({
  /** A CSV with bars, or a zip with one; default: the S&P 500 from vega-datasets. */
  bars: z
    .string()
    .refine((file) => existsSync(file), 'there is no such file: mend the path')
    .optional(),
  lots: z.string().default('1,4,16').pipe(lotSizes),
  capital: z.coerce.number().positive().default(100_000),
  /** Default: the power of ten that makes a lot worth some 10,000 at the first bar. */
  unitsPerLot: z.coerce.number().positive().optional(),
  orderFee: z.coerce.number().nonnegative().default(2),
  /** Between bid and ask, for files that have only one price. */
  spreadBps: z.coerce.number().nonnegative().default(2),
  slippageBps: z.coerce.number().nonnegative().default(0.5),
  maxLeverage: z.coerce.number().positive().default(3),
  /** Share of the bars that the early Sharpe ratio is of. */
  split: z.coerce.number().gt(0).lt(1).default(0.7),
  /** How many times an account's returns are put together anew: what `sharpeLow` and `drawdownHigh` are taken from; 0: none. */
  resamples: z.coerce.number().int().nonnegative().default(200),
  /** Mean length in bars of the pieces that these are made of. */
  meanBlock: z.coerce.number().min(1).default(20),
  seed: z.coerce.number().int().default(1),
});

/** Bars of the average true range that stops are measured in. */
const STOP_RANGE = 20;

export default defineWorker({
  params,
  columns: Object.keys(types),
  types,
  defaults: { batchSize: 200 },

  items: () => STRATEGIES.keys(),

  setup: async ({ params: given, log }): Promise<Market> => {
    const file = given.bars ?? defaultFile();
    const bars = await readBars(file, given.spreadBps);
    const unitsPerLot = given.unitsPerLot ?? 10 ** Math.round(Math.log10(10_000 / (bars.close[0] ?? 1)));
    log(`${bars.close.length} bars from ${bars.first} to ${bars.last}, ${unitsPerLot} units a lot`);
    return { bars, unitsPerLot, range: atr(bars, STOP_RANGE) };
  },

  process: (id: string, { params: given, state: { bars, unitsPerLot, range } }) => {
    const strategy = STRATEGIES.get(id);
    if (!strategy) throw new UnrecoverableError(`${id}: no strategy of the grid: see workers/strategy-discovery/grid.ts`);
    const { stop, family, lookback, setting, side, filter } = strategy;
    const directions = directionsOf(bars, strategy);
    const stops = stop > 0 ? { stopDistance: range.map((value) => value * stop) } : {};
    const accounts = given.lots.map((lots) => simulate(bars, { directions, ...stops, lots }, { ...given, unitsPerLot }));
    const { barsPerYear } = bars;
    const resampled = resample(
      accounts.map(({ equity }) => returnsOf(equity)),
      { draws: new Draws(given.seed, id), times: given.resamples, meanBlock: given.meanBlock, barsPerYear },
    );
    return accounts.map((account, at) => ({
      strategy: id,
      family,
      lookback,
      setting,
      side,
      stop,
      filter,
      lots: given.lots[at],
      ...rounded({ ...statisticsOf(account, { barsPerYear, split: given.split }), ...resampled[at] }),
    }));
  },
});

/** What all items share: read once per child. */
interface Market {
  readonly bars: Bars;
  readonly unitsPerLot: number;
  readonly range: Series;
}

/** Beside the package's entry, as it exports nothing else. */
function defaultFile(): string {
  try {
    return fileURLToPath(new URL('../data/sp500-2000.csv', import.meta.resolve('vega-datasets')));
  } catch (error) {
    throw new Error('vega-datasets is not installed: run npm ci, or give --param bars=FILE', { cause: error });
  }
}

/** Six decimals, never -0: what logarithms and powers differ in between versions of V8 is far behind them. */
function rounded(numbers: Readonly<Record<string, number | null>>): Record<string, number | null> {
  const entries = Object.entries(numbers);
  return Object.fromEntries(entries.map(([name, value]) => [name, value === null ? null : Math.round(value * 1e6) / 1e6 + 0]));
}
