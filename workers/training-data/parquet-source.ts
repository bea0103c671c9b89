/** Prices from one Parquet file that is sorted by symbol, as most are: only the rows of the stocks that are asked for are read. */
import { readParquet } from 'shardyard/parquet';
import { type Bar, barOf, COLUMNS, type Fields, inOrder, lowered } from './bars.ts';
import type { Source } from './source.ts';

/** Rows of one symbol in one place: from the first to behind the last. */
type Run = readonly [start: number, end: number];

/** Of a file that is sorted by date instead, every stock would be in as many places as there are days. */
const MOST_RUNS = 100;
/** Rows read at once: the stocks that come next are most likely the ones asked for next. */
const AHEAD = 60_000;

export async function parquetSource(file: string, { from, until }: { from: string; until: string }): Promise<Source> {
  let index: Promise<ReadonlyMap<string, readonly Run[]>> | undefined;
  let [first, rows]: [number, readonly Fields[]] = [0, []];
  const columns = await columnsOf(file);
  const read = async ([start, end]: Run): Promise<readonly Fields[]> => {
    if (start < first || end > first + rows.length) {
      const found: Fields[] = [];
      for await (const row of readParquet(file, { columns: columns.all, start, end: Math.max(end, start + AHEAD) }))
        found.push(lowered(row));
      [first, rows] = [start, found];
    }
    return rows.slice(start - first, end - first);
  };
  const rowsOf = async (symbol: string, runs: readonly Run[]): Promise<readonly Fields[] | undefined> => {
    const found: Fields[] = [];
    for (const run of runs) found.push(...(await read(run)));
    return found.every((row) => String(row['symbol']) === symbol) ? found : undefined;
  };
  const runsNow = (): Promise<ReadonlyMap<string, readonly Run[]>> => (index ??= runsOf(file, columns.symbol));
  return {
    about: `prices from ${file}`,
    stocks: async () => [...(await runsNow())].map(([symbol, runs]) => ({ symbol, runs })),
    bars: async ({ symbol, runs }) => {
      // The file may be another one than when the items were listed.
      const found = (runs && (await rowsOf(symbol, runs))) ?? (await rowsOf(symbol, (await runsNow()).get(symbol) ?? [])) ?? [];
      const bars: Bar[] = [];
      for (const row of found) {
        const bar = barOf(row);
        if (bar && bar.date >= from && bar.date <= until) bars.push(bar);
      }
      return inOrder(symbol, bars);
    },
    close: async () => {},
  };
}

/** The columns that matter, as the file spells them. */
async function columnsOf(file: string): Promise<{ readonly all: readonly string[]; readonly symbol: string }> {
  for await (const row of readParquet(file, { end: 1 })) {
    const all = Object.keys(row).filter((name) => COLUMNS.includes(name.toLowerCase()));
    const symbol = all.find((name) => name.toLowerCase() === 'symbol');
    if (symbol === undefined) throw new Error(`${file}: there is no column symbol among ${Object.keys(row).join(', ')}`);
    return { all, symbol };
  }
  throw new Error(`${file}: there are no rows`);
}

async function runsOf(file: string, column: string): Promise<ReadonlyMap<string, readonly Run[]>> {
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
  for await (const row of readParquet(file, { columns: [column] })) {
    const symbol = String(row[column]);
    if (symbol !== last) {
      close();
      [last, start] = [symbol, at];
    }
    at++;
  }
  close();
  return found;
}
