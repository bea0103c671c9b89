/** Prices from an API, one call a stock, through the budget and the cache that all processes share. */
import Papa from 'papaparse';
import { BadAnswerError, type Call, type Context, UnrecoverableError } from 'shardyard';
import type { Bar, Source } from './source.ts';

interface Options {
  readonly from: string;
  readonly until: string;
  /** What identifies the API in the cache; default: its address. */
  readonly name?: string;
}

type Tools = Pick<Context, 'log'> & { readonly call: Call };

/**
 * `template`: the address, with `{symbol}`, `{from}`, `{until}` and perhaps `{key}`; without `{key}`, a `PRICES_API_KEY` goes along as bearer
 * token. The answer is a CSV with a header or a JSON array of records, with `date`, `close` and perhaps `volume`, in any order of columns and days.
 */
export function httpSource(template: string, { from, until, name = template }: Options): Source {
  if (!template.includes('{symbol}')) throw new Error(`source=${template}: put {symbol} where the stock's symbol belongs`);
  const key = process.env['PRICES_API_KEY'] ?? '';
  if (template.includes('{key}') && key === '')
    throw new Error('source has {key}, but PRICES_API_KEY is not set: put it into the environment');
  const headers: Record<string, string> = key === '' || template.includes('{key}') ? {} : { authorization: `Bearer ${key}` };
  const fill: Readonly<Record<string, string>> = { from, until, key };
  const addressOf = (symbol: string): string =>
    template.replaceAll(/\{(\w+)\}/g, (whole, word: string) => {
      const value = word === 'symbol' ? symbol : fill[word];
      return value === undefined ? whole : encodeURIComponent(value);
    });

  const ask = (symbol: string, { call }: Tools): Promise<readonly Bar[]> =>
    call({ key: [name, symbol, from, until], timeout: '30s' }, async ({ fetch }) => {
      const response = await fetch(addressOf(symbol), { headers });
      return readBars(await response.text());
    });

  return {
    about: `prices from ${template}`,
    stocks: () => Promise.reject(new Error('an API has no list of symbols: give --items symbols.txt, or --items AAPL,MSFT')),
    bars: async ({ symbol }, tools) => {
      try {
        return await ask(symbol, tools).catch((error: unknown) => {
          if (statusOf(error) !== 401) throw error;
          // Some APIs refuse a good key while they renew their own tokens.
          tools.log(`${symbol}: 401, asked once more`);
          return ask(symbol, tools);
        });
      } catch (error) {
        const status = statusOf(error);
        if (status === undefined || status >= 500) throw error;
        // Asking yet again would get the same answer: the stock is left out, and listed.
        throw new UnrecoverableError(`the API answered ${status}${status === 401 ? ', twice' : ''}`, { cause: error });
      }
    },
    close: async () => {},
  };
}

function statusOf(error: unknown): number | undefined {
  const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** The days of an answer, oldest first. An answer that is cut short is asked for again. */
function readBars(text: string): readonly Bar[] {
  const records: readonly Readonly<Record<string, unknown>>[] = text.trimStart().startsWith('[') ? JSON.parse(text) : readCsv(text);
  return records.map(barOf).toSorted((a, b) => (a.date < b.date ? -1 : 1));
}

function readCsv(text: string): readonly Readonly<Record<string, unknown>>[] {
  if (text !== '' && !text.endsWith('\n')) throw new BadAnswerError('the answer is cut short');
  return Papa.parse<Record<string, unknown>>(text, { header: true, delimiter: ',', skipEmptyLines: true }).data;
}

/** A record of an API or of a file. Throws a BadAnswerError that says what is wrong with it. */
export function barOf(record: Readonly<Record<string, unknown>>): Bar {
  const fields = new Map(Object.entries(record).map(([name, value]) => [name.trim().toLowerCase(), value]));
  const date = dateOf(fields.get('date') ?? fields.get('timestamp'));
  const close = fields.has('close_paise') ? Number(fields.get('close_paise')) / 100 : Number(fields.get('close') || Number.NaN);
  if (date === undefined || !(close > 0 && close < Infinity)) throw new BadAnswerError(`no date and close: ${JSON.stringify([...fields])}`);
  const volume = fields.get('volume');
  return { date, close, volume: volume === undefined || volume === null || volume === '' ? undefined : Number(volume) };
}

function dateOf(value: unknown): string | undefined {
  const text = value instanceof Date ? value.toISOString() : String(value ?? '');
  return /^\d{4}-\d\d-\d\d/.test(text) ? text.slice(0, 10) : undefined;
}
