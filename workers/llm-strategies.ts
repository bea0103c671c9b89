/**
 * Asks a large language model for a trading strategy on each of 88 dates for each of six currencies: 528 prompts, written from real daily
 * exchange rates (data/fx, CC0), 528 rows.
 *
 * The model is Gemini (`GEMINI_API_KEY`), or whatever speaks OpenAI's protocol (`OPENAI_API_KEY`, `OPENAI_BASE_URL`); with neither, a stand-in
 * on loopback that draws lots. See docs/llm-strategies.md.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import { BadAnswerError, defineWorker, UnrecoverableError } from 'shardyard';
import { z } from 'zod';
import { isAnswer, refused } from './llm-strategies/failures.ts';
import { accessProblem, connect, type Model, PROVIDERS } from './llm-strategies/models.ts';

/** What the model is asked for. */
const strategy = z.strictObject({
  direction: z.enum(['LONG', 'SHORT', 'HOLD']),
  confidence: z.number().min(0).max(1).describe('how sure, from 0 to 1'),
  strength: z.number().int().min(0).max(10).describe('how strong a move is expected, from 0 to 10'),
  explanation: z.string().min(1).max(1000).describe('two sentences at most'),
});
type Strategy = z.output<typeof strategy>;

/** What is done where the model gives no usable answer. */
const HOLD: Strategy = { direction: 'HOLD', confidence: 0, strength: 0, explanation: 'Fallback: the model gave no usable answer.' };

/** Observations that a prompt shows, at most. */
const SHOWN = 12;
/** Dates are taken if they are so many days after the one taken before: 88 of the shipped file's 94. */
const APART = 5 * 86_400_000;
/** Tokens of an answer, on average. */
const ANSWER_TOKENS = 90;

const params = z.strictObject({
  /** Default: by the key that is set; `stand-in` where there is none. */
  provider: z
    .enum(PROVIDERS)
    .optional()
    .superRefine((provider, { addIssue }) => {
      const message = accessProblem({ provider });
      if (message !== undefined) addIssue({ code: 'custom', message });
    }),
  /** Default: `gemini-2.5-flash`, `gpt-4.1-mini`. */
  model: z.string().min(1).optional(),
  /** Codes of the data file's header, separated by commas. */
  tickers: z.string().default('EUR,GBP,JPY,CHF,AUD,CAD'),
  /** At most so many dates, the last ones. */
  dates: z.coerce.number().int().positive().default(88),
  /** A `date` column (YYYY-MM-DD, ascending), then one column of units per US dollar for each currency. */
  'data-file': z.string().default(join(import.meta.dirname, '../data/fx/usd_rates_wide_common.csv')),
});
type Params = z.output<typeof params>;

/** A prompt to be written. */
interface Item {
  readonly symbol: string;
  readonly date: string;
}

interface State {
  readonly model: Model;
  readonly rates: Rates;
}

export default defineWorker<Item, State, typeof params>({
  params,
  columns: ['symbol', 'date', 'direction', 'confidence', 'strength', 'explanation'],
  defaults: { processes: 8, batchSize: 33, spares: 1 },
  budgets: { default: { rate: ['8/s', '1000/min'] } },
  cache: { namespace: 'llm-strategies', version: 1 },

  items: (given) => {
    const { dates } = readRates(given);
    return tickersOf(given).flatMap((symbol) => sampled(dates, given.dates).map((date) => ({ symbol, date })));
  },
  key: ({ symbol, date }) => `${symbol} ${date}`,

  setup: async ({ params: given, log }) => {
    const model = await connect(given);
    log(model.about);
    return { model, rates: readRates(given) };
  },

  process: async ({ symbol, date }, { call, state: { model, rates } }) => {
    const prompt = promptFor(symbol, date, rates);
    const answer = await call(
      {
        key: [model.name, prompt],
        cost: { tokens: Math.ceil(prompt.length / 4) + ANSWER_TOKENS },
        fallback: (error) => {
          // Nothing was reached, or nothing was said: that is to be mended, not to be made up for.
          if (!isAnswer(error)) throw error;
          return HOLD;
        },
      },
      async ({ signal, spend }) => {
        const { text, tokens } = await model.ask({ prompt, schema: z.toJSONSchema(strategy), signal }).catch((error: unknown) => {
          throw refused(error, model) ?? error;
        });
        if (tokens !== undefined) spend({ tokens });
        return read(text);
      },
    );
    return { symbol, date, ...answer };
  },

  teardown: ({ model }) => model.close(),
});

/** The strategy in the model's answer. An answer that is something else is asked for once more, a few times. */
function read(text: string): Strategy {
  const found = strategy.safeParse(JSON.parse(text));
  if (!found.success) throw new BadAnswerError(`the answer does not fit the schema: ${z.prettifyError(found.error)}`);
  return found.data;
}

/** A prompt that knows nothing of what came after its date. */
function promptFor(symbol: string, date: string, { dates, series }: Rates): string {
  const last = dates.indexOf(date);
  const all = series.get(symbol);
  if (!all || last < 0) {
    throw new UnrecoverableError(
      `${symbol} ${date}: the data file has no such rate: take the item out of the list, or give another data-file`,
    );
  }
  const first = Math.max(0, last - SHOWN + 1);
  const shown = dates.slice(first, last + 1).map((day, index) => ({ day, rate: all[first + index] ?? Number.NaN }));
  const [oldest, newest] = [shown[0]?.rate ?? 0, shown.at(-1)?.rate ?? 0];
  return [
    `You are a cautious currency strategist. Today is ${date}. Judge by these rates alone.`,
    `US dollars for one ${symbol}:`,
    ...shown.map(({ day, rate }) => `${day} ${rate.toPrecision(6)}`),
    `Change over the period: ${oldest > 0 ? ((newest / oldest - 1) * 100).toFixed(2) : '0.00'} %.`,
    `Which position in ${symbol} against the dollar for the next ten days: LONG, SHORT or HOLD? Say how sure you are and why.`,
  ].join('\n');
}

/** The data file: what one unit of a currency is worth in US dollars, date by date. */
interface Rates {
  readonly dates: readonly string[];
  readonly series: ReadonlyMap<string, readonly number[]>;
}

function readRates({ 'data-file': file, ...given }: Params): Rates {
  const text = readText(file);
  const [header = [], ...rows] = Papa.parse<string[]>(text, { delimiter: ',', newline: '\n', skipEmptyLines: true }).data;
  const names = header.map((name) => name.trim().toUpperCase());
  const columns = tickersOf(given).map((symbol) => {
    const at = names.indexOf(symbol);
    if (at < 1) throw new Error(`${file}:1: there is no column ${symbol}: mend --param tickers=…`);
    const rates = rows.map((row, index) => {
      const rate = Number(row[at]);
      if (!(rate > 0 && rate < Infinity)) throw new Error(`${file}:${index + 2}: ${symbol} is "${row[at]}": give a positive number`);
      return 1 / rate;
    });
    return [symbol, rates] as const;
  });
  return { dates: rows.map(([date = '']) => date), series: new Map(columns) };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`data-file=${file}: ${error instanceof Error ? error.message : String(error)}: give the path of a CSV file`, {
      cause: error,
    });
  }
}

function tickersOf({ tickers }: Pick<Params, 'tickers'>): readonly string[] {
  const found = tickers.split(',').map((ticker) => ticker.trim().toUpperCase());
  if (found.includes('') || new Set(found).size < found.length) throw new Error(`tickers=${tickers}: give each code once, such as EUR,GBP`);
  return found;
}

/** The last `count` dates of those that are far enough apart. */
function sampled(dates: readonly string[], count: number): readonly string[] {
  const taken: string[] = [];
  for (const date of dates) {
    const last = taken.at(-1);
    if (last === undefined || Date.parse(date) - Date.parse(last) >= APART) taken.push(date);
  }
  if (taken.length < count) throw new Error(`dates=${count}: the data file has ${taken.length} that are 5 days apart: ask for fewer`);
  return taken.slice(-count);
}
