/** Prices from one Parquet file that is sorted by symbol, as most are: only the rows of the stocks that are asked for are read. */
import { readParquet } from 'shardyard/parquet';
import { barOf } from './http-source.ts';
import type { Bar, Source } from './source.ts';

/** Rows of one symbol in one place: from the first to behind the last. */
type Run = readonly [start: number, end: number];

/** Of a file that is sorted by date instead, every stock would be in as many places as there are days. */
const MOST_RUNS = 100;
/** Rows read at once: the stocks that come next are most likely the ones asked for next. */
const AHEAD = 60_000;

export async function parquetSource(file: string, { from, until }: { from: string; until: string }): Promise<Source> {
  let index: Promise<ReadonlyMap<string, readonly Run[]>> | undefined;
  let [first, rows]: [number, readonly Bar[]] = [0, []];
  const read = async ([start, end]: Run): Promise<readonly Bar[]> => {
    if (start < first || end > first + rows.length) {
      const found: Bar[] = [];
      const columns = await columnsOf(file);
      for await (const row of readParquet(file, { columns, start, end: Math.max(end, start + AHEAD) })) found.push(barOf(row));
      [first, rows] = [start, found];
    }
    return rows.slice(start - first, end - first);
  };
  return {
    about: `prices from ${file}`,
    stocks: async () => [...(await (index ??= runsOf(file)))].map(([symbol, runs]) => ({ symbol, runs })),
    bars: async ({ symbol, runs }) => {
      const bars: Bar[] = [];
      for (const run of runs ?? (await (index ??= runsOf(file))).get(symbol) ?? []) bars.push(...(await read(run)));
      return bars.filter(({ date }) => date >= from && date <= until).toSorted((a, b) => (a.date < b.date ? -1 : 1));
    },
    close: async () => {},
  };
}

/** Those of a bar that the file has. */
async function columnsOf(file: string): Promise<readonly string[]> {
  for await (const row of readParquet(file, { end: 1 })) {
    return Object.keys(row).filter((name) => ['date', 'timestamp', 'close', 'close_paise', 'volume'].includes(name.toLowerCase()));
  }
  return [];
}

async function runsOf(file: string): Promise<ReadonlyMap<string, readonly Run[]>> {
  const found = new Map<string, Run[]>();
  let [last, start, at] = ['', 0, 0];
  const close = (): void => {
    if (at === start) return;
    const runs = found.get(last) ?? [];
    if (runs.length === MOST_RUNS)
      throw new Error(`${file}: ${last} is in more than ${MOST_RUNS} places: sort the file by symbol and date`);
    runs.push([start, at]);
    found.set(last, runs);
  };
  for await (const { symbol } of readParquet(file, { columns: ['symbol'] })) {
    if (symbol !== last) {
      close();
      [last, start] = [String(symbol), at];
    }
    at++;
  }
  close();
  return found;
}
