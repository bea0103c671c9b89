import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readParquet } from '../../src/parquet.ts';
import { commandsOf } from '../support/commands.ts';
import { row, workbook } from '../support/xlsx.ts';
import { exitOf, Place } from './support.ts';

async function rowsOf(place: Place, file: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const found of readParquet(join(place.cwd, file))) rows.push(found);
  return rows;
}

const TYPED = `export default {
  columns: ['id', 'day', 'ratio', 'big'],
  types: { id: 'string', day: 'date', ratio: 'double', big: 'int64' },
  process: (item) => item === 'bad' ? { id: item, day: 'soon' } : { id: item, day: new Date(Date.UTC(2025, 0, +item)), ratio: +item === 3 ? NaN : +item / 2, big: 2n ** 60n + BigInt(item) },
};`;
const typed = (id: string): unknown => ({
  id,
  day: new Date(Date.UTC(2025, 0, Number(id))),
  ratio: id === '3' ? Number.NaN : Number(id) / 2,
  big: 2n ** 60n + BigInt(id),
});

test('a typed run: the same bytes for any shape, out of CSV parts too; a value that does not fit costs its item', async () => {
  const place = new Place({ 'w.mjs': TYPED });
  expect(await place.run('--items', '1,2,3,4,5,6,7', '-o', 'one.parquet')).toMatchObject({ code: 0 });
  expect(await rowsOf(place, 'one.parquet')).toEqual(['1', '2', '3', '4', '5', '6', '7'].map(typed));
  expect(JSON.parse(place.read('one.parquet.meta.json'))).toMatchObject({
    columns: ['id', 'day', 'ratio', 'big'],
    types: { id: 'string', day: 'date', ratio: 'double', big: 'int64' },
    rows: 7,
  });
  const other = await place.run(
    '--items',
    '1,2,bad,3,4,5,6,7',
    '--name',
    'other',
    '-o',
    'two.parquet',
    '-p',
    '2',
    '--batch-size',
    '2',
    '--retries',
    '0',
  );
  expect(other.code).toBe(1);
  expect(other.stderr).toContain('column "day": "soon" is not of the column\'s type date');
  expect(place.bytes('two.parquet').equals(place.bytes('one.parquet'))).toBe(true);
  expect(await place.run('--items', '1,2,3,4,5,6,7', '--name', 'csv', '-o', 'three.csv')).toMatchObject({ code: 0 });
  expect(await place.shardyard('merge', 'csv', '-o', 'three.parquet')).toMatchObject({ code: 0 });
  expect(place.bytes('three.parquet').equals(place.bytes('one.parquet'))).toBe(true);
});

const SHEETS = 'export default { process: (sheet) => ({ sheet }) };';
const PRICES = [
  ['A', 1.5],
  ['B', 2],
  ['C', -3],
] as const;
const sheet = row(1, ['title']) + row(2, ['name', 'price']) + PRICES.map((cells, at) => row(at + 3, cells)).join('');
const book = workbook({ sheets: { 'EMAAR DH Equity': sheet, 'a&b': sheet, Empty: '', third: sheet } });

test('items out of a workbook and out of Parquet; wrong types, wrong files', async () => {
  const place = new Place({
    'w.mjs': SHEETS,
    'b.xlsx': book,
    'b.csv': book,
    'torn.xlsx': book.subarray(0, 300),
    'torn.parquet': 'PAR1 no',
  });
  expect(await place.run('--items', 'b.xlsx', '-o', 'sheets.parquet')).toMatchObject({ code: 0 });
  expect(place.read('data/runs/r/items-0.ndjson')).toContain('{"key":"a&b","item":"a&b"}');
  place.write('w.mjs', 'export default { process: ({ sheet }) => ({ sheet, length: sheet.length }) };');
  expect(await place.run('--items', 'sheets.parquet', '--key', 'sheet', '--name', 'q')).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe('sheet,length\nEMAAR DH Equity,15\na&b,3\nEmpty,5\nthird,5\n');
  const refused: readonly (readonly [args: readonly string[], says: string])[] = [
    [['--items', 'b.csv'], 'b.csv: is not text: it is a zip archive or an Excel workbook'],
    [['--items', 'torn.xlsx'], 'torn.xlsx: is not a whole Excel workbook'],
    [['--items', 'torn.parquet'], 'torn.parquet: is not a whole Parquet file'],
  ];
  for (const [args, says] of refused) {
    const { code, stderr } = await place.run(...args, '--name', 'x');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) });
    expect(stderr.trim().split('\n')).toHaveLength(1);
  }
  place.write('w.mjs', "export default { columns: ['a'], types: { b: 'int32' }, process: () => {} };");
  expect(await place.run('--items', 'a', '--name', 'x')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"b", which is not in its `columns`'),
  });
  place.write('w.mjs', "export default { types: { b: 'integer' }, process: () => {} };");
  expect(await place.run('--items', 'a', '--name', 'x')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"integer", which is no type'),
  });
});

test('convert: a file a sheet, killed in the middle and resumed; what is wrong is said before anything starts', async () => {
  const place = new Place({ 'b.xlsx': book, 'p.csv': 'code,price,day\n007,1.50,2025-01-31T00:00:00.000Z\n012,2,\n' });
  const args = ['convert', 'b.xlsx', '--to', 'parquet', '--out-dir', 'out', '--header-row', '2', '-p', '1', '--name', 'c'];
  const child = place.start(...args);
  const ended = exitOf(child);
  while (child.exitCode === null && !readdirSync(place.cwd).includes('out')) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill('SIGKILL');
  await ended;
  expect(await place.shardyard('resume', 'c', '--progress', 'none')).toMatchObject({ code: 0 });
  const files = ['EMAAR DH Equity.parquet', 'a&b.parquet', 'third.parquet'];
  expect(
    readdirSync(join(place.cwd, 'out'))
      .filter((name) => name.endsWith('.parquet'))
      .toSorted(),
  ).toEqual(files.toSorted());
  const rows = PRICES.map(([name, price]) => ({ name, price }));
  for (const file of files) expect(await rowsOf(place, `out/${file}`)).toEqual(rows);
  expect(place.lines('data/runs/c/convert.csv').map((line) => line.split(',').slice(0, 3).join())).toEqual([
    'table,file,rows',
    'EMAAR DH Equity,EMAAR DH Equity.parquet,3',
    'a&b,a&b.parquet,3',
    'Empty,,0',
    'third,third.parquet,3',
  ]);

  expect(await place.shardyard('convert', 'p.csv', '--to', 'parquet', '--progress', 'none')).toMatchObject({ code: 0 });
  expect(await rowsOf(place, 'p.parquet')).toEqual([
    { code: '007', price: 1.5, day: new Date(Date.UTC(2025, 0, 31)) },
    { code: '012', price: 2, day: null },
  ]);
  expect(await place.shardyard('convert', 'out/third.parquet', '--to', 'csv', '--progress', 'none')).toMatchObject({ code: 0 });
  expect(place.read('third.csv')).toBe('name,price\nA,1.5\nB,2\nC,-3\n');

  place.write('same.xlsx', workbook({ sheets: { 'a:b': sheet, 'A?B': sheet } }));
  const before = place.everything();
  const refused: readonly (readonly [args: readonly string[], says: string | RegExp])[] = [
    [['b.xlsx', '--to', 'parquet'], /b\.xlsx:2: sheet "EMAAR DH Equity", cell B2: its column has no name.*--header-row N/],
    [['b.xlsx', '--to', 'parquet', '--header-row', '9'], /b\.xlsx:9: sheet "EMAAR DH Equity": row 9.*is empty/],
    [['b.xlsx'], /needs --to/],
    [['b.xlsx', '--to', 'parquett'], /did you mean parquet/],
    [['b.doc', '--to', 'csv'], /\.doc is not known/],
    [['gone.xlsx', '--to', 'csv'], /gone\.xlsx: there is no such file/],
    [['p.csv', '--to', 'csv'], /would become itself/],
    [['p.csv', '--to', 'parquet', '--header-row', '3'], /--header-row is for \.xlsx/],
    [['same.xlsx', '--to', 'csv', '--header-row', '2'], /would both become/],
  ];
  const ends = await commandsOf(refused.map(([more]) => ({ cwd: place.cwd, args: ['convert', ...more] })));
  for (const [at, [, says]] of refused.entries()) expect(ends[at]).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
  expect(place.everything()).toEqual(before);
});
