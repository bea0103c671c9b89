/** Where prices come from: a file, an API, or the stand-in of an API. */
import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import type { Context } from 'shardyard';
import { httpSource } from './http-source.ts';

/** A trading day of one stock. */
export interface Bar {
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly close: number;
  readonly volume: number | undefined;
}

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

/** @throws Error that says what is wrong with the source. */
export async function openSource({ source, 'years-back': years, until }: SourceParams): Promise<Source> {
  const span = { from: yearsBefore(until, years), until };
  if (source === undefined) {
    const { startPrices } = await import('../stand-in/prices.ts');
    const { symbols } = await import('../stand-in/stocks.ts');
    const server = await startPrices();
    // The port is another one in every process; the prices are the same.
    const api = httpSource(`${server.url}/daily?symbol={symbol}&from={from}&until={until}`, { ...span, name: 'stand-in' });
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
  if (/^https?:\/\//.test(source)) return httpSource(source, span);
  if (!existsSync(source)) throw new Error(`source=${source}: there is no such file; an address begins with http:// or https://`);
  const extension = extname(source);
  if (extension === '.parquet') return (await import('./parquet-source.ts')).parquetSource(source, span);
  if (extension === '.csv') return (await import('./csv-source.ts')).csvSource(source, span);
  throw new Error(`source=${source}: give a .parquet or a .csv file, or an address`);
}

function yearsBefore(date: string, years: number): string {
  const at = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) throw new Error(`until=${date}: there is no such day`);
  at.setUTCFullYear(at.getUTCFullYear() - years);
  return at.toISOString().slice(0, 10);
}
