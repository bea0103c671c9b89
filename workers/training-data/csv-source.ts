/** Prices from one CSV file, in any order; every process holds the whole of it. */
import { createReadStream } from 'node:fs';
import Papa from 'papaparse';
import { barOf } from './http-source.ts';
import type { Bar, Source } from './source.ts';

export async function csvSource(file: string, { from, until }: { from: string; until: string }): Promise<Source> {
  const stocks = new Map<string, Bar[]>();
  let line = 1;
  const input = createReadStream(file, { encoding: 'utf8' });
  const rows = input.pipe(Papa.parse(Papa.NODE_STREAM_INPUT, { header: true, delimiter: ',', skipEmptyLines: true }));
  for await (const row of rows as AsyncIterable<Readonly<Record<string, unknown>>>) {
    line++;
    try {
      const symbol = String(row['symbol'] ?? row['SYMBOL'] ?? '').trim();
      if (symbol === '') throw new Error('there is no symbol');
      const bar = barOf(row);
      if (bar.date < from || bar.date > until) continue;
      const bars = stocks.get(symbol);
      if (bars) bars.push(bar);
      else stocks.set(symbol, [bar]);
    } catch (error) {
      throw new Error(`${file}:${line}: ${error instanceof Error ? error.message : String(error)}: mend the line`, { cause: error });
    }
  }
  return {
    about: `${stocks.size} stocks in ${file}`,
    stocks: async () => [...stocks.keys()].map((symbol) => ({ symbol })),
    bars: async ({ symbol }) => (stocks.get(symbol) ?? []).toSorted((a, b) => (a.date < b.date ? -1 : 1)),
    close: async () => {},
  };
}
