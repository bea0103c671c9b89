import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, expect, test } from 'vitest';
import { readParquet, writeParquet } from '../../src/parquet.ts';
import { complaint, fileWith, frozen, itemsOf, linesOf, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
const duck = await DuckDBInstance.create(':memory:').then((instance) => instance.connect());
afterAll(() => duck.closeSync());
let files = 0;

/** A file that DuckDB has written. */
async function made(query: string, options = ''): Promise<string> {
  const file = join(folder, `${files++}.parquet`);
  await duck.run(`copy (${query}) to '${file}' (format parquet${options})`);
  return file;
}

async function all(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

test.each(['snappy', 'zstd', 'gzip', 'brotli', 'uncompressed'])('a record a row, packed with %s', async (codec) => {
  const values = `42 as i, 9007199254740993 as big, 1.5::double as d, 'é"\n' as s, date '2025-01-31' as day,
    timestamp '2025-01-31 12:00:00' as t, [1, null] as l, {'a': 'x'} as o, true as b, null::int as n, 'nan'::double as nan, 1.25::decimal(5,2) as dec`;
  const [first, ...rest] = await itemsOf(await made(`select ${values} from range(3)`, `, compression ${codec}`));
  expect(rest).toEqual([first, first]);
  expect(first).toEqual({
    i: 42,
    big: '9007199254740993',
    d: 1.5,
    s: 'é"\n',
    day: '2025-01-31T00:00:00.000Z',
    t: '2025-01-31T12:00:00.000Z',
    l: [1, null],
    o: { a: 'x' },
    b: true,
    n: null,
    nan: null,
    dec: 1.25,
  });
});

test('several row groups, with the row as line, and frozen as any list', async () => {
  const file = await made("select i, 's' || i as s from range(5000) r(i)", ', row_group_size 2048');
  expect(await linesOf(file)).toEqual(Array.from({ length: 5000 }, (_, at) => at + 1));
  const items = await itemsOf(file);
  expect(items.at(4321)).toEqual({ i: 4321, s: 's4321' });
  expect(await frozen(folder, items, (item) => (item as { s: string }).s)).toMatchObject({ count: 5000, firstKey: 's0', lastKey: 's4999' });
});

test('what writeParquet writes, readParquet reads with its types; the same rows give the same bytes', async () => {
  const rows = [{ n: 1n << 60n, at: new Date(5), x: Number.NaN, text: '\uFEFFb' }, { n: -1n, at: null, x: -0.5, text: '' }, { more: [1] }];
  const file = join(folder, 'own.parquet');
  const written = await writeParquet(file, rows);
  const empty = { n: null, at: null, x: null, text: null, more: null };
  expect(await all(readParquet(file))).toEqual(rows.map((row) => ({ ...empty, ...row })));
  expect(await all(readParquet(file, { columns: ['text', 'n'] }))).toEqual(rows.map(({ text = null, n = null }) => ({ text, n })));
  expect(written).toMatchObject({ rows: 3, bytes: readFileSync(file).length });
  expect(await writeParquet(join(folder, 'again.parquet'), rows)).toEqual(written);
  expect(await complaint(folder, () => all(readParquet(file, { columns: ['m'] })))).toBe(
    'own.parquet: has no column "m": it has n, at, x, text, more',
  );
});

test('bytes that are no text', async () => {
  const file = await made("select '\\xE4'::blob as raw");
  expect(await complaint(folder, () => itemsOf(file))).toMatch(/^\d+\.parquet:1: the rows from here on cannot be read: .*encod/);
});

// 200 of them are a fraction of a second; 400 more were tried by hand. Whatever comes out, the process lives and the file is named.
test('a damaged file is refused by name, however it is damaged', async () => {
  const whole = readFileSync(await made("select i, 's' || i as s, [i] as l from range(300) r(i)"));
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) % below;
  let refused = 0;
  for (let at = 0; at < 200; at++) {
    const bytes = at % 4 === 0 ? whole.subarray(0, random(whole.length)) : Buffer.from(whole);
    if (at % 4 > 0) for (let n = 0; n < 3; n++) bytes[random(2) ? random(whole.length) : whole.length - 1 - random(400)] = random(256);
    const file = fileWith(folder, bytes, '.parquet');
    const said = await complaint(folder, () => itemsOf(file)).catch((error: unknown) => String(error));
    if (said === 'Error: nothing was wrong') continue;
    expect(said).toMatch(
      /^items-\d+\.parquet(:\d+)?: (is not a whole Parquet file|the rows from here on cannot be read|\d+ rows instead of)/,
    );
    refused++;
  }
  expect(refused).toBeGreaterThan(100);
});
