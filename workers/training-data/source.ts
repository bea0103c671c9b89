/** Where prices come from: a file, an API, or the stand-in of an API. */
import { statSync } from 'node:fs';
import { extname } from 'node:path';
import type { Context } from 'shardyard';
import { readDotEnv } from '../shared/secrets.ts';
import type { Bar } from './bars.ts';
import { checkTemplate, httpSource } from './http-source.ts';

/** An item. */
export interface Stock {
  readonly symbol: string;
  /** Where its rows are in a file that is sorted by symbol: from the first to behind the last, one pair or more. Found by itself where it is not given. */
  readonly runs?: readonly (readonly [start: number, end: number])[];
}

export interface Source {
  /** What it is, for the log. */
  readonly about: string;
  /** The items where the user gives none. */
  readonly stocks: () => Promise<readonly Stock[]>;
  /** A stock's days, oldest first. Rejects when they cannot be had. */
  readonly bars: (stock: Stock, tools: Pick<Context, 'call' | 'log'>) => Promise<readonly Bar[]>;
  readonly close: () => Promise<void>;
}

export interface SourceParams {
  readonly source?: string | undefined;
  readonly 'years-back': number;
  readonly until: string;
}

/** Stocks that the stand-in is asked for where the user names none. */
const STAND_IN_SYMBOLS = 40;
const EXTENSIONS = ['.parquet', '.csv'];

/** What is wrong with a source, as far as that shows before it is opened; reads keys from `.env`, too. */
export function sourceProblem(source: string | undefined): string | undefined {
  readDotEnv();
  if (source === undefined) return undefined;
  if (isAddress(source)) return checkTemplate(source, process.env['PRICES_API_KEY'] ?? '');
  if (!statSync(source, { throwIfNoEntry: false })?.isFile())
    return `there is no file ${source}; an address begins with http:// or https://`;
  return EXTENSIONS.includes(extname(source)) ? undefined : `${source}: give a .parquet or a .csv file, or an address`;
}

/** @throws Error that says what is wrong with the source. */
export async function openSource({ source, 'years-back': years, until }: SourceParams): Promise<Source> {
  const problem = sourceProblem(source);
  if (problem !== undefined) throw new Error(`source: ${problem}`);
  const span = { from: yearsBefore(until, years), until };
  if (source === undefined) {
    const { startPrices } = await import('../stand-in/prices.ts');
    const { symbols } = await import('../stand-in/stocks.ts');
    const server = await startPrices();
    // The port is another one in every process; the prices are the same.
    const api = httpSource(`${server.url}/daily?symbol={symbol}&from={from}&until={until}`, { ...span, key: '', name: 'stand-in' });
    return {
      ...api,
      about: `no source is given: a STAND-IN on ${server.url} makes up prices`,
      stocks: async () =>
        symbols()
          .slice(0, STAND_IN_SYMBOLS)
          .map((symbol) => ({ symbol })),
      close: () => server.close(),
    };
  }
  if (isAddress(source)) return httpSource(source, { ...span, key: process.env['PRICES_API_KEY'] ?? '' });
  if (extname(source) === '.parquet') return (await import('./parquet-source.ts')).parquetSource(source, span);
  return (await import('./csv-source.ts')).csvSource(source, span);
}

const isAddress = (source: string): boolean => /^https?:\/\//.test(source);

function yearsBefore(date: string, years: number): string {
  const at = new Date(`${date}T00:00:00Z`);
  at.setUTCFullYear(at.getUTCFullYear() - years);
  return at.toISOString().slice(0, 10);
}
