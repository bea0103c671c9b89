/** Prices from one CSV file, in any order; every process holds the whole of it. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import Papa from 'papaparse';
import { type Bar, barOf, type Fields, inOrder } from './bars.ts';
import type { Source } from './source.ts';

export async function csvSource(file: string, { from, until }: { from: string; until: string }): Promise<Source> {
  const stocks = new Map<string, Bar[]>();
  const input = createReadStream(file, { encoding: 'utf8' });
  const parser = Papa.parse(Papa.NODE_STREAM_INPUT, { header: true, delimiter: ',', skipEmptyLines: false, transformHeader: spelled });
  await pipeline(input, parser, async (rows: AsyncIterable<Fields>) => {
    let line = 1;
    for await (const row of rows) {
      line++;
      // An empty line.
      if (Object.values(row).every((value) => value === '')) continue;
      try {
        add(row);
      } catch (error) {
        throw new Error(`${file}:${line}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    }
  });
  function add(row: Fields): void {
    const symbol = String(row['symbol'] ?? '').trim();
    if (symbol === '')
      throw new Error(
        `there is no symbol: give columns symbol, date and close, separated by commas; here are ${Object.keys(row).join(' | ')}`,
      );
    const bar = barOf(row);
    if (!bar || bar.date < from || bar.date > until) return;
    const bars = stocks.get(symbol);
    if (bars) bars.push(bar);
    else stocks.set(symbol, [bar]);
  }
  return {
    about: `${stocks.size} stocks in ${file}`,
    stocks: async () => [...stocks.keys()].map((symbol) => ({ symbol })),
    bars: async ({ symbol }) => inOrder(symbol, stocks.get(symbol) ?? []),
    close: async () => {},
  };
}

const spelled = (name: string): string => name.trim().toLowerCase();
