import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { COLUMN_TYPES, type ColumnTypes } from '../../src/core/column-type.ts';
import { UserError } from '../../src/core/errors.ts';
import type { Row } from '../../src/core/worker.ts';
import { valueReader } from '../../src/formats/column-value.ts';
import { csvEncoder } from '../../src/formats/csv-row.ts';
import { jsonEncoder } from '../../src/formats/json-row.ts';
import { openParquetOutput } from '../../src/formats/parquet/output.ts';
import { createSurvey } from '../../src/formats/parquet/survey.ts';
import { cut, naughty } from './samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardyard-parquet-'));
const duck = await DuckDBInstance.create(':memory:').then((instance) => instance.connect());
afterAll(() => {
  duck.closeSync();
  rmSync(folder, { recursive: true });
});

/** What somebody else's reader finds in a file. */
async function query(sql: string): Promise<readonly Record<string, unknown>[]> {
  return (await duck.runAndReadAll(sql)).getRowObjectsJson();
}

interface Given {
  readonly from?: 'csv' | 'ndjson';
  readonly columns?: readonly string[];
  readonly types?: ColumnTypes;
  readonly borders?: readonly number[];
}

let files = 0;

/** Writes rows as a merge does, whose parts hold them; gives the name of the file. */
async function written(rows: readonly Row[], { from = 'ndjson', columns, types, borders = [] }: Given = {}): Promise<string> {
  const encode = from === 'csv' ? csvEncoder(columns ?? []) : jsonEncoder(columns);
  const chunks = cut(Buffer.from(rows.map(encode).join('')), borders);
  const file = join(folder, `${files++}.parquet`);
  const read = async (take: (chunk: Uint8Array) => unknown): Promise<void> => {
    for (const chunk of chunks) await take(Buffer.from(chunk));
  };
  const output = await openParquetOutput({ file, from, columns, types, read });
  try {
    await read((chunk) => output.write(chunk));
    await output.finish();
  } catch (error) {
    await output.abort();
    throw error;
  }
  return file;
}

const typesIn = async (file: string): Promise<Record<string, unknown>> =>
  Object.fromEntries((await query(`describe select * from '${file}'`)).map((row) => [row['column_name'], row['column_type']]));
const rowsIn = (file: string): Promise<readonly Record<string, unknown>[]> => query(`select * from '${file}'`);

test('types follow from all values of a column, and DuckDB reads them', async () => {
  const rows: Row[] = [
    { int: 1, float: 1, big: 2n ** 62n, wide: 1e20, digits: 10n ** 25n + 1n, bool: true, when: new Date(0), nested: { a: [1] } },
    { int: null, float: 0.5, big: -1, wide: 5, digits: 1, bool: null, when: null, nested: [null, 'x'], none: null },
    { int: -5, float: 'NaN', big: 0, mixed: 'a', wide: 2, digits: 2, bool: false, when: new Date(1e12), nested: 7, names: '-Infinity' },
    { int: 7, float: 2, mixed: 5, date: '2025-01-31' },
  ];
  const file = await written(rows);
  expect(await typesIn(file)).toEqual({
    int: 'BIGINT',
    float: 'DOUBLE',
    big: 'BIGINT',
    wide: 'DOUBLE',
    digits: 'VARCHAR',
    bool: 'BOOLEAN',
    when: 'TIMESTAMP WITH TIME ZONE',
    nested: 'JSON',
    none: 'VARCHAR',
    mixed: 'VARCHAR',
    names: 'DOUBLE',
    date: 'VARCHAR',
  });
  const empty = { date: null, names: null, mixed: null, none: null };
  expect(await rowsIn(file)).toEqual([
    {
      ...empty,
      int: '1',
      float: 1,
      big: String(2n ** 62n),
      wide: 1e20,
      digits: String(10n ** 25n + 1n),
      bool: true,
      when: '1970-01-01 00:00:00+00',
      nested: '{"a":[1]}',
    },
    { ...empty, int: null, float: 0.5, big: '-1', wide: 5, digits: '1', bool: null, when: null, nested: '[null,"x"]' },
    {
      ...empty,
      int: '-5',
      float: 'NaN',
      big: '0',
      mixed: 'a',
      wide: 2,
      digits: '2',
      bool: false,
      when: '2001-09-09 01:46:40+00',
      nested: '7',
      names: '-Infinity',
    },
    {
      ...empty,
      int: '7',
      float: 2,
      big: null,
      wide: null,
      digits: null,
      bool: null,
      when: null,
      nested: null,
      mixed: '5',
      date: '2025-01-31',
    },
  ]);
});

test('declared types hold, whatever the values are; out of CSV, texts are read', async () => {
  const types = {
    s: 'string',
    b: 'boolean',
    i: 'int32',
    l: 'int64',
    f: 'float',
    d: 'double',
    day: 'date',
    t: 'timestamp',
    j: 'json',
  } as const;
  const columns = Object.keys(types);
  const day = new Date(Date.UTC(1969, 11, 31, 23));
  const rows: Row[] = [
    { s: '007', b: false, i: 7, l: 2n ** 63n - 1n, f: 0.5, d: Number.NaN, day, t: day, j: null },
    {
      s: 'é,"',
      b: true,
      i: -(2 ** 31),
      l: -(2n ** 63n),
      f: 2,
      d: -Infinity,
      day: '2025-01-31',
      t: '2025-01-31T12:00:00+02:00',
      j: { x: 1 },
    },
    {},
  ];
  const wanted = [
    { s: '007', b: false, i: 7, l: '9223372036854775807', f: 0.5, d: 'NaN', day: '1969-12-31', t: '1969-12-31 23:00:00+00', j: null },
    {
      s: 'é,"',
      b: true,
      i: -2147483648,
      l: '-9223372036854775808',
      f: 2,
      d: '-Infinity',
      day: '2025-01-31',
      t: '2025-01-31 10:00:00+00',
      j: '{"x":1}',
    },
    { s: null, b: null, i: null, l: null, f: null, d: null, day: null, t: null, j: null },
  ];
  const named = rows.map((row) => ({ ...row, ...('d' in row ? { d: String(row['d']) } : {}) }));
  expect(await rowsIn(await written(named, { columns, types }))).toEqual(wanted);
  const asText = await rowsIn(await written(rows, { from: 'csv', columns, types }));
  // A text in a column of JSON is a text.
  expect(asText.map(({ j, ...row }) => ({ ...row, j: typeof j === 'string' ? (JSON.parse(j) as unknown) : j }))).toEqual(wanted);
  expect(await typesIn(await written([], { columns: ['a'], types: { a: 'int32' } }))).toEqual({ a: 'INTEGER' });
});

test('out of CSV, only texts that nobody would write otherwise are numbers', async () => {
  const columns = ['code', 'count', 'price', 'flag', 'long', 'when', 'plus'];
  const rows = [
    { code: '007', count: '7', price: '1.50', flag: 'true', long: '0.12345678901234567', when: new Date(0), plus: '+1' },
    { code: '12', count: '-3', price: '1e5', flag: 'false', long: '1', when: new Date(1), plus: '2' },
  ];
  expect(await typesIn(await written(rows, { from: 'csv', columns }))).toEqual({
    code: 'VARCHAR',
    count: 'BIGINT',
    price: 'DOUBLE',
    flag: 'BOOLEAN',
    long: 'VARCHAR',
    when: 'TIMESTAMP WITH TIME ZONE',
    plus: 'VARCHAR',
  });
});

test('many row groups, and the same bytes wherever the chunks end', async () => {
  const rows = Array.from({ length: 60_000 }, (_, id) => ({ id, text: `${'é😀'.repeat(id % 5)}${id}`, half: id / 2 }));
  const one = await written(rows);
  const other = await written(rows, { borders: [1, 777, 65_536, 65_537, 1_000_003] });
  expect(readFileSync(other).equals(readFileSync(one))).toBe(true);
  expect(await query(`select count(*)::int as n, sum(id)::int as ids, sum(half) as half, max(text) as text from '${one}'`)).toEqual([
    {
      n: 60_000,
      ids: 1_799_970_000,
      half: 899_985_000,
      text: rows.map(({ text }) => text).reduce((a, b) => (Buffer.compare(Buffer.from(a), Buffer.from(b)) > 0 ? a : b)),
    },
  ]);
  const [groups] = await query(`select count(distinct row_group_id)::int as n, min(compression) as c from parquet_metadata('${one}')`);
  expect(groups).toEqual({ n: 2, c: 'SNAPPY' });
  expect(await query(`select id from '${one}' limit 3 offset 54321`)).toEqual([{ id: '54321' }, { id: '54322' }, { id: '54323' }]);
});

test('the big list of naughty strings, as values and as names of columns', async () => {
  const names = [...new Set(naughty)].filter((name) => name !== '' && !name.includes('\0'));
  const file = await written([...naughty.map((text, at) => ({ pos: at, text })), Object.fromEntries(names.map((name) => [name, 1]))]);
  const found = await query(`select hex(encode(text)) as bytes from '${file}' where pos is not null order by pos`);
  // Bytes: DuckDB's own reader of texts takes a byte order mark away.
  expect(found.map(({ bytes }) => bytes)).toEqual(naughty.map((text) => Buffer.from(text).toString('hex').toUpperCase()));
});

test('what does not fit is refused with row and column', async () => {
  const refused = async (rows: readonly Row[], given: Given): Promise<string> =>
    written(rows, given).then(
      () => 'written',
      (error: unknown) => (error instanceof UserError && error.exitCode === 4 && error.hint ? error.message : String(error)),
    );
  const ints: Given = { columns: ['n'], types: { n: 'int32' } };
  expect(await refused([{ n: 1 }, { n: 1.5 }], ints)).toBe('row 2 of the merged rows: column "n": 1.5 is not of the column\'s type int32');
  expect(await refused([{ n: 'x' }], { ...ints, from: 'csv' })).toMatch(/^row 1 .* "n": "x" is not/);
  expect(await refused([{ n: 2 ** 31 }], ints)).toMatch(/2147483648/);
  expect(await refused([], {})).toBe('there is no column, and Parquet cannot do without');
  expect(await refused([{}], {})).toBe('there is no column, and Parquet cannot do without');
});

describe('values', () => {
  test.each([
    ['boolean', 'true'],
    ['int32', '1'],
    ['int64', 2n ** 63n],
    ['int64', Number.NaN],
    ['double', '1'],
    ['date', 'yesterday'],
    ['date', 5],
    ['timestamp', new Date(Number.NaN)],
    ['timestamp', '2025-13-01'],
  ] as const)('%s refuses %o', (type, value) => {
    expect(() => valueReader(type)(value)).toThrow(/type/);
  });

  test('a text without a zone is in UTC', () => {
    const read = valueReader('timestamp');
    expect(['2025-01-31', '2025-01-31 00:00', '2025-01-31T00:00:00.000', '2025-01-31T01:00+01:00'].map(read)).toEqual(
      Array.from({ length: 4 }, () => Date.UTC(2025, 0, 31)),
    );
  });

  test('whatever a survey finds, its values fit', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.bigInt(),
      fc.double(),
      fc.date({ noInvalidDate: true }),
      fc.constantFrom('NaN', 'true', '1', '1.50', '01'),
    );
    fc.assert(fc.property(fc.array(value), (values) => check(values, false)));
    fc.assert(fc.property(fc.array(fc.string()), (values) => check(values, true)));
  });
});

/** That every value fits the type that a survey finds for all of them. */
function check(values: readonly unknown[], texts: boolean): void {
  const survey = createSurvey({ texts });
  for (const v of values) survey.add({ v });
  const [column] = survey.columns();
  if (!column) return;
  expect(COLUMN_TYPES).toContain(column.type);
  for (const v of values) if (v !== null && v !== undefined) valueReader(column.type, { texts })(v);
}
