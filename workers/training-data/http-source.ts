/** Prices from an API, one call a stock, through the budget and the cache that all processes share. */
import Papa from 'papaparse';
import { BadAnswerError, type Call, type Context, UnrecoverableError } from 'shardyard';
import { withoutKey } from '../shared/secrets.ts';
import { type Bar, barOf, type Fields, inOrder, lowered } from './bars.ts';
import type { Source } from './source.ts';

interface Options {
  readonly from: string;
  readonly until: string;
  /** `PRICES_API_KEY`, or nothing. */
  readonly key: string;
  /** What identifies the API in the cache; default: its address. */
  readonly name?: string;
}

type Tools = Pick<Context, 'log'> & { readonly call: Call };

/** What is wrong with an address, if anything. */
export function checkTemplate(template: string, key: string): string | undefined {
  if (!template.includes('{symbol}')) return `put {symbol} where the stock's symbol belongs: ${template}`;
  if (template.includes('{key}') && key === '')
    return 'it has {key}, but PRICES_API_KEY is not set: put it into the environment or into .env';
  const url = URL.parse(filled(template, {}));
  if (!url) return `${template} is no address`;
  return url.username || url.password
    ? 'an address with a name or a password before the host cannot be fetched: put {key} behind it'
    : undefined;
}

/**
 * `template`: the address, with `{symbol}`, `{from}`, `{until}` and perhaps `{key}`; without `{key}`, the key goes along as bearer token. The
 * answer is a CSV with a header or a JSON array of records, with `date`, `close` and perhaps `volume`, in any order of columns and days.
 */
export function httpSource(template: string, { from, until, key, name = template }: Options): Source {
  const headers: Record<string, string> = key === '' || template.includes('{key}') ? {} : { authorization: `Bearer ${key}` };
  const ask = (symbol: string, { call }: Tools): Promise<readonly Bar[]> =>
    call({ key: [name, symbol, from, until], timeout: '30s' }, async ({ fetch }) => {
      const response = await fetch(filled(template, { symbol, from, until, key }), { headers });
      return inOrder(symbol, readBars(await response.text()));
    });

  return {
    about: `prices from ${template}`,
    stocks: () => Promise.reject(new Error('an API has no list of stocks; name them on the command line')),
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
        if (status === undefined || status >= 500) throw withoutKey(error, key);
        // Asking yet again would get the same answer: the stock is left out, and listed.
        throw new UnrecoverableError(`the API answered ${status}${status === 401 ? ', twice' : ''}`);
      }
    },
    close: async () => {},
  };
}

const filled = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replaceAll(/\{(symbol|from|until|key)\}/g, (_, word: string) => encodeURIComponent(values[word] ?? 'x'));

function statusOf(error: unknown): number | undefined {
  const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** The days of an answer. One that is cut short is asked for again; one of another kind is not. */
function readBars(text: string): readonly Bar[] {
  const first = text.trimStart().slice(0, 1);
  if (first === '{' || first === '<') {
    throw new UnrecoverableError(`the answer is neither CSV nor a JSON array: ${text.slice(0, 100)}`);
  }
  const records: readonly Readonly<Record<string, unknown>>[] = first === '[' ? JSON.parse(text) : readCsv(text);
  return records.map((record) => barOf(lowered(record))).filter((bar) => bar !== undefined);
}

function readCsv(text: string): readonly Fields[] {
  const { data, meta } = Papa.parse<Record<string, unknown>>(text, { header: true, delimiter: ',', skipEmptyLines: true });
  // Not every server ends the last line; one that breaks off within it leaves fields out.
  if (Object.keys(data.at(-1) ?? {}).length < (data.length === 0 ? 0 : (meta.fields?.length ?? 0)))
    throw new BadAnswerError('the answer is cut short');
  return data;
}
