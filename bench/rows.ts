/**
 * What it costs to turn a row into its line: our encoders against papaparse's `unparse` (called once a row, as a child that
 * writes each item as it ends would have to, and once for 500 rows) and plain JSON.stringify. Prints microseconds a row and ratios.
 *
 *   node bench/rows.ts
 */
import Papa from 'papaparse';
import { csvEncoder } from '../src/formats/csv-row.ts';
import { jsonEncoder } from '../src/formats/json-row.ts';

const COLUMNS = ['symbol', 'date', 'count'];
const ROWS = Array.from({ length: 20_000 }, (_, n) => ({
  symbol: `SYM${n % 4000}`,
  date: `20${10 + (n % 15)}-0${1 + (n % 9)}-1${n % 10}`,
  count: n % 4000,
}));
const DOUBLES = ROWS.map(({ symbol, date, count }) => ({ symbol, date, return14d: ((count * 7919) % 100_000) / 1e6 - 0.05 }));
const DOUBLE_COLUMNS = ['symbol', 'date', 'return14d'];
const TEXTS = ROWS.map((row) => ({ ...row, note: `a longer text, with "quotes", of row ${row.symbol}\nand a second line` }));
const TEXT_COLUMNS = [...COLUMNS, 'note'];
const ROUNDS = 15;

const asIs = { header: false, newline: '\n', delimiter: ',' } as const;
const toCsv = csvEncoder(COLUMNS);
const toDoubleCsv = csvEncoder(DOUBLE_COLUMNS);
const toTextCsv = csvEncoder(TEXT_COLUMNS);
const toJson = jsonEncoder();

interface Contest {
  readonly name: string;
  readonly run: () => number;
}

compare('3 small columns, CSV', [
  { name: 'csvEncoder', run: () => each(ROWS, toCsv) },
  { name: 'papaparse by 1 row', run: () => each(ROWS, (row) => `${Papa.unparse([row], { ...asIs, columns: COLUMNS })}\n`) },
  { name: 'papaparse by 500 rows', run: () => chunked(ROWS, COLUMNS) },
]);
compare('3 small columns, one a double, CSV', [
  { name: 'csvEncoder', run: () => each(DOUBLES, toDoubleCsv) },
  { name: 'papaparse by 1 row', run: () => each(DOUBLES, (row) => `${Papa.unparse([row], { ...asIs, columns: DOUBLE_COLUMNS })}\n`) },
  { name: 'papaparse by 500 rows', run: () => chunked(DOUBLES, DOUBLE_COLUMNS) },
  { name: 'String(double) alone', run: () => each(DOUBLES, (row) => String(row.return14d)) },
]);
compare('and a text that needs quotes, CSV', [
  { name: 'csvEncoder', run: () => each(TEXTS, toTextCsv) },
  { name: 'papaparse by 1 row', run: () => each(TEXTS, (row) => `${Papa.unparse([row], { ...asIs, columns: TEXT_COLUMNS })}\n`) },
  { name: 'papaparse by 500 rows', run: () => chunked(TEXTS, TEXT_COLUMNS) },
]);
compare('3 small columns, NDJSON', [
  { name: 'jsonEncoder', run: () => each(ROWS, toJson) },
  { name: 'JSON.stringify alone', run: () => each(ROWS, (row) => `${JSON.stringify(row)}\n`) },
]);

function each<Item>(rows: readonly Item[], encode: (row: Item) => string): number {
  let length = 0;
  for (const row of rows) length += encode(row).length;
  return length;
}

function chunked(rows: readonly object[], columns: string[]): number {
  let length = 0;
  for (let start = 0; start < rows.length; start += 500) {
    length += Papa.unparse(rows.slice(start, start + 500), { ...asIs, columns }).length + 1;
  }
  return length;
}

/** The contestants take turns, so that noise hits all of them; ratios are against the first. */
function compare(title: string, contests: readonly Contest[]): void {
  const times = contests.map(() => [] as number[]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, contest] of contests.entries()) {
      const start = performance.now();
      if (contest.run() === 0) throw new Error('nothing encoded');
      times[index]?.push(((performance.now() - start) * 1000) / ROWS.length);
    }
  }
  const medians = times.map((all) => all.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN);
  console.log(title);
  for (const [index, contest] of contests.entries()) {
    const median = medians[index] ?? Number.NaN;
    console.log(`  ${contest.name.padEnd(22)} ${median.toFixed(3)} µs a row  ${(median / (medians[0] ?? Number.NaN)).toFixed(2)} ×`);
  }
}
