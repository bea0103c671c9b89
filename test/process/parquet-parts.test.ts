import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import type { MergeOptions } from '../../src/core/api.ts';
import { merge } from '../../src/index.ts';
import { readParquet } from '../../src/parquet.ts';
import { Place } from './support.ts';

const LIBRARY = import.meta.resolve('hyparquet-writer');
const DUCK = import.meta.resolve('@duckdb/node-api');

/** Three rows an item, in row groups of two; what is in `wrong.txt` makes of an item what it says. */
const GENERATOR = `
import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { parquetWriteFile } from '${LIBRARY}';
const [items, filename] = process.argv.slice(2);
const wrong = existsSync('wrong.txt') ? JSON.parse(readFileSync('wrong.txt', 'utf8')) : {};
const kinds = items.split(',').map((item) => wrong[item]);
if (kinds.includes('exit')) process.exit(3);
const rows = items.split(',').flatMap((item) => [0, 1, 2].map((n) => ({ item, n, at: new Date(86_400_000 * n) })));
parquetWriteFile({
  filename,
  rowGroupSize: 2,
  columnData: [
    { name: 'item', data: rows.map(({ item }) => item), type: 'STRING' },
    { name: 'n', data: rows.map(({ n }) => n), type: kinds.includes('schema') ? 'DOUBLE' : 'INT32' },
    { name: 'at', data: rows.map(({ at }) => at), type: 'TIMESTAMP' },
  ],
});
if (kinds.includes('torn')) truncateSync(filename, 200);
`;

async function rowsOf(place: Place, file: string): Promise<string[]> {
  const rows: string[] = [];
  for await (const { item, n, at } of readParquet(join(place.cwd, file)))
    rows.push(`${String(item)} ${String(n)} ${(at as Date).toISOString().slice(0, 10)}`);
  return rows;
}
const expected = (items: readonly string[]): string[] => items.flatMap((item) => [0, 1, 2].map((n) => `${item} ${n} 1970-01-0${n + 1}`));

const saying = (what: string): object => ({ exitCode: 2, message: expect.stringContaining(what) as unknown });
const COMMAND = ['--', 'node', 'gen.mjs', '{items}', 'made/{name}.parquet'];

test('row groups of a command are copied: retries, isolation, rerun; what does not fit is named; a damaged part is found', async () => {
  const place = new Place({ 'gen.mjs': GENERATOR, 'wrong.txt': '{"e":"exit","s":"schema","t":"torn"}' });
  const options = ['--items', 'a,b,c,d,e,f,s,t', '--batch-size', '3', '--retries', '0', '--collect', 'made/{name}.parquet'];
  const first = await place.shardyard('run', ...place.options([...options, '-o', 'out.parquet']), ...COMMAND);
  expect(first.code).toBe(1);
  expect(await rowsOf(place, 'out.parquet')).toEqual(expected(['a', 'b', 'c', 'd', 'f']));
  const { failures } = JSON.parse(place.read('data/runs/r/report.json')) as { failures: { key: string; message: string }[] };
  const said = Object.fromEntries(failures.map(({ key, message }) => [key, message]));
  expect(said['s']).toMatch(
    /^the schema of made\/\S+\.parquet is not that of made\/\S+\.parquet: it has n DOUBLE \S+ where that one has n INT32 \S+$/,
  );
  expect(said['t']).toMatch(/^made\/\S+\.parquet: its footer is missing, the file is torn$/);
  place.write('wrong.txt', '{}');
  expect(await place.shardyard('rerun', 'r', '--progress', 'none')).toMatchObject({ code: 0 });
  const items = ['a', 'b', 'c', 'd', 'e', 'f', 's', 't'];
  expect(await rowsOf(place, 'out.parquet')).toEqual(expected(items));
  // A group of items is done again as a whole.
  expect(await place.shardyard('rerun', 'r', '--items', 'b', '--progress', 'none')).toMatchObject({ code: 0 });
  expect(await rowsOf(place, 'out.parquet')).toEqual(expected(items));
  expect(JSON.parse(place.read('out.parquet.meta.json'))).toMatchObject({ columns: ['item', 'n', 'at'], rows: 24 });
  const duck = await (await DuckDBInstance.create()).connect();
  const found = await duck.runAndReadAll(
    `SELECT count(*)::INT AS rows, sum(n)::INT AS sum FROM '${join(place.cwd, 'out.parquet')}' WHERE n > 0`,
  );
  expect(found.getRowObjects()).toEqual([{ rows: 16, sum: 24 }]);

  const mergeAgain = async (more: MergeOptions = {}): Promise<unknown> =>
    merge({ run: 'r', dataDir: join(place.cwd, 'data'), logsDir: join(place.cwd, 'logs'), ...more }).catch((error: unknown) => error);
  expect(await mergeAgain({ output: join(place.cwd, 'x.csv') })).toMatchObject(saying('merged into Parquet only'));
  expect(await mergeAgain({ sort: ['n'] })).toMatchObject(saying('--sort looks at rows'));
  const refused = await place.shardyard('run', ...place.options([...options, '--name', 'no', '-o', 'x.csv']), ...COMMAND);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('add -o FILE.parquet') as unknown });
  const parts = readdirSync(join(place.cwd, 'data/runs/r/parts')).filter((name) => name.endsWith('.parquet'));
  for (const name of parts) {
    const file = join(place.cwd, 'data/runs/r/parts', name);
    const bytes = readFileSync(file);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  }
  const before = place.bytes('out.parquet');
  const damaged = { exitCode: 4, message: expect.stringContaining('the parts do not verify') as unknown };
  expect(await mergeAgain()).toMatchObject(damaged);
  for (const name of parts) truncateSync(join(place.cwd, 'data/runs/r/parts', name), 9);
  expect(await mergeAgain()).toMatchObject(damaged);
  expect(place.bytes('out.parquet').equals(before)).toBe(true);
});

test('what another writer makes: nested values, zstd, dictionaries', async () => {
  const script = `import { DuckDBInstance } from '${DUCK}';
const [item, file] = process.argv.slice(2);
const duck = await (await DuckDBInstance.create()).connect();
await duck.run("COPY (SELECT '" + item + "' AS item, i::INT AS i, [i, i + 1] AS list, {a: i, b: 'x' || i % 3} AS struct, (i * 1.25)::DECIMAL(12, 2) AS price, CASE WHEN i % 2 = 0 THEN DATE '2026-01-01' + i::INT END AS day FROM range(3000) t(i)) TO '" + file + "' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)");
`;
  const place = new Place({ 'gen.mjs': script });
  const ran = await place.shardyard(
    'run',
    ...place.options(['--items', 'a,b', '--batch-size', '1', '-p', '2', '-o', 'out.parquet', '--collect-as', 'parquet']),
    '--',
    'node',
    'gen.mjs',
    '{items}',
    '{output}',
  );
  expect(ran.stderr).not.toContain('failed');
  expect(ran.code).toBe(0);
  const duck = await (await DuckDBInstance.create()).connect();
  const file = join(place.cwd, 'out.parquet');
  const found = await duck.runAndReadAll(
    `SELECT item, count(*)::INT AS rows, sum(i)::INT AS i, sum(list[2])::INT AS list, count(DISTINCT struct.b)::INT AS b, sum(price)::DOUBLE AS price, count(day)::INT AS days, max(day)::VARCHAR AS last FROM '${file}' GROUP BY item ORDER BY item`,
  );
  const one = { rows: 3000, i: 4_498_500, list: 4_501_500, b: 3, price: 5_623_125, days: 1500, last: '2034-03-18' };
  expect(found.getRowObjects()).toEqual([
    { item: 'a', ...one },
    { item: 'b', ...one },
  ]);
});
