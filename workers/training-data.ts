/**
 * Back-tests one strategy over many stocks and writes what a model learns from: one row a stock, with its score, how it did against holding the
 * stock, and the features at each entry.
 *
 * Prices come from an API (a URL with placeholders), with a delay between calls that all processes share (1 s), or from a Parquet or CSV file.
 * Without a source, a stand-in on loopback makes them up. See docs/training-data.md.
 */
import { defineWorker } from 'shardyard';
import { z } from 'zod';
import { backTest } from './training-data/back-test.ts';
import { openSource, type Source, sourceProblem, type Stock } from './training-data/source.ts';

/** Items between two lines of progress in the log. */
const EVERY = 10;

const params = z.strictObject({
  /**
   * `https://…?symbol={symbol}&from={from}&until={until}`, with `{key}` for `PRICES_API_KEY`; or a file, `.parquet` or `.csv`, with the columns
   * `symbol`, `date`, `close` (or `close_paise`) and perhaps `volume`. Default: the stand-in.
   */
  source: z
    .string()
    .min(1)
    .optional()
    .superRefine((source, { addIssue }) => {
      const message = sourceProblem(source);
      if (message !== undefined) addIssue({ code: 'custom', message });
    }),
  /** How far back prices are asked for. */
  'years-back': z.coerce.number().int().min(1).max(100).default(10),
  /** The last day. Not today, unless you say so: the same run has to mean the same tomorrow. */
  until: z.string().refine(isDate, 'give a date such as 2025-06-30').default('2025-12-31'),
  /** What a trade costs, each way, as a share of its value. */
  cost: z.coerce.number().min(0).max(0.1).default(0.001),
});

/** A symbol, or a record that has one. */
type Item = string | Stock;

interface State {
  readonly source: Source;
  readonly progress: { items: number; skipped: number };
}

export default defineWorker<Item, State, typeof params>({
  params,
  columns: [
    'symbol',
    'score',
    'totalReturn',
    'buyAndHold',
    'excessReturn',
    'winRate',
    'trades',
    'positions',
    'executionRate',
    'days',
    'firstDate',
    'lastDate',
    'entries',
  ],
  types: { entries: 'json' },
  defaults: { batchSize: 200, spares: 1 },
  budgets: { default: { minDelay: '1s' } },
  cache: { namespace: 'training-data', version: 1 },

  items: async (given) => {
    const source = await openSource(given);
    try {
      return await source.stocks();
    } finally {
      await source.close();
    }
  },
  key: (item) => stockOf(item).symbol,

  setup: async ({ params: given, log }) => {
    const source = await openSource(given);
    log(source.about);
    return { source, progress: { items: 0, skipped: 0 } };
  },

  process: async (item, { call, log, params: given, state: { source, progress } }) => {
    const stock = stockOf(item);
    const { symbol } = stock;
    try {
      const bars = await source.bars(stock, { call, log });
      if (bars.length === 0) log(`${symbol}: there are no prices`);
      return { ...backTest(symbol, bars, given) };
    } catch (error) {
      progress.skipped++;
      log(`${symbol} is skipped:`, error instanceof Error ? error.message : error);
      throw error;
    } finally {
      if (++progress.items % EVERY === 0) log(`${progress.items} items, ${progress.skipped} of them skipped`);
    }
  },

  teardown: ({ source }) => source.close(),
});

function isDate(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === text;
}

const stockOf = (item: Item): Stock => (typeof item === 'string' ? { symbol: item } : item);
