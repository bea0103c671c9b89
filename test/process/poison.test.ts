import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { Place } from './support.ts';

/** Keys that break what splices them into paths, commands, CSV, JSON or objects. */
const KEYS = [
  '../x',
  '/etc/passwd',
  'M&M',
  '🐎 žluť',
  'k'.repeat(1000),
  'two\nlines',
  '"quoted", \'too\'',
  '__proto__',
  'constructor',
  '\u0000',
  '$(touch pwned) `touch pwned`',
  '-p',
  ' ',
  '%s %d',
  '\ud800',
];

describe('keys', () => {
  test('of any kind are told apart, done, reported and found again', async () => {
    const worker = `
      import { existsSync } from 'node:fs';
      export default { columns: ['key', 'length'], key: ({ id }) => id, process: ({ id }, { key, log }) => {
        log(id);
        if (id === '__proto__' && !existsSync('mended')) throw new Error(id);
        return { key, length: id.length };
      } };`;
    const place = new Place({ 'w.mjs': worker, 'items.json': JSON.stringify(KEYS.map((id) => ({ id }))) });
    const files = Object.keys(place.everything());
    const { code, stderr } = await place.run('--items', 'items.json', '--retries', '0', '--shards', '4', '--batch-size', '3');
    expect([code, stderr]).toEqual([1, expect.stringContaining('__proto__')]);
    expect(place.report().failures).toMatchObject([{ key: '__proto__', message: '__proto__' }]);
    place.write('mended');
    expect(await place.rerun('--items', JSON.stringify(['__proto__', '../x', 'two\nlines', '-p']))).toMatchObject({ code: 0 });

    const { data } = Papa.parse<string[]>(place.read('out.csv').trimEnd(), { delimiter: ',', newline: '\n' });
    expect(data).toEqual([['key', 'length'], ...KEYS.map((key) => [key.toWellFormed(), String(key.length)])]);
    // Nothing was written outside of where it belongs.
    const made = Object.keys(place.everything()).filter((name) => !files.includes(name) && !/^(data|logs)\//.test(name));
    expect(made.toSorted()).toEqual(['mended', 'out.csv', 'out.csv.meta.json']);
    // The same list again: all of them are known by their keys.
    expect(await place.resume('--items', 'items.json', '--shards', '2')).toMatchObject({ code: 0 });
    expect(place.events('matched').at(-1)).toMatchObject({ done: KEYS.length, fresh: 0, gone: 0 });
  });
});

/** Each item is one thing that `process` may give back. The texts are JavaScript. */
const GIVEN = {
  text: `{ a: 'plain', b: 'a "quoted", one', c: 'two\\nlines\\r\\n' }`,
  unicode: `[{ a: '🐎 žluť', b: ' spaced ', c: '\\ud800!' }, { a: '=1+1', b: '\\ufeff', c: '' }]`,
  numbers: `[{ a: Number.MAX_SAFE_INTEGER, b: 1e-7, c: -0 }, { a: NaN, b: Infinity, c: -Infinity }, { a: 2n ** 70n, b: 0.1 + 0.2, c: 1e21 }]`,
  others: `[{ a: true, b: null, c: undefined }, { a: new Date(0), b: { x: [1, 'y"'] }, c: [] }]`,
  iterable: `new Set([{ a: 1 }, { a: 2 }])`,
  generator: `(function* () { yield { a: 3 }; yield { b: 4 }; })()`,
  stream: `(async function* () { yield { a: 5 }; yield { c: 6 }; })()`,
  promise: `Promise.resolve([{ a: 7 }])`,
  nothing: `undefined`,
  null: `null`,
  none: `[]`,
  empty: `{}`,
  bare: `Object.assign(Object.create(null), { a: 8 })`,
};

/** What of that is to be in the file, as CSV fields and as JSON. Undefined: not there. */
const MEANT: readonly (readonly [csv: readonly [a: string, b: string, c: string], json: Readonly<Record<string, unknown>>])[] = [
  [['plain', 'a "quoted", one', 'two\nlines\r\n'], { a: 'plain', b: 'a "quoted", one', c: 'two\nlines\r\n' }],
  [['🐎 žluť', ' spaced ', '\ufffd!'], { a: '🐎 žluť', b: ' spaced ', c: '\ufffd!' }],
  [['=1+1', '\ufeff', ''], { a: '=1+1', b: '\ufeff', c: '' }],
  [['9007199254740991', '1e-7', '0'], { a: 9007199254740991, b: 1e-7, c: 0 }],
  [['NaN', 'Infinity', '-Infinity'], { a: null, b: null, c: null }],
  [['1180591620717411303424', '0.30000000000000004', '1e+21'], { a: 2 ** 70, b: 0.1 + 0.2, c: 1e21 }],
  [['true', '', ''], { a: true, b: null }],
  [['1970-01-01T00:00:00.000Z', '{"x":[1,"y\\""]}', '[]'], { a: '1970-01-01T00:00:00.000Z', b: { x: [1, 'y"'] }, c: [] }],
  [['1', '', ''], { a: 1 }],
  [['2', '', ''], { a: 2 }],
  [['3', '', ''], { a: 3 }],
  [['', '4', ''], { b: 4 }],
  [['5', '', ''], { a: 5 }],
  [['', '', '6'], { c: 6 }],
  [['7', '', ''], { a: 7 }],
  [['', '', ''], {}],
  [['8', '', ''], { a: 8 }],
];

const rowsWorker = (columns: string): string => {
  const cases = Object.entries(GIVEN).map(([name, code]) => `${JSON.stringify(name)}: () => (${code})`);
  return `const given = { ${cases.join(', ')} };\nexport default { ${columns} items: () => Object.keys(given), process: (item) => given[item]() };\n`;
};

const unpack = (bytes: Buffer, file: string): string => {
  const plain = file.endsWith('.gz') ? gunzipSync(bytes) : file.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes;
  return plain.toString('utf8');
};

const parseCsv = (text: string): unknown => Papa.parse<string[]>(text.replace(/\n$/, ''), { delimiter: ',', newline: '\n' }).data;

const parseLines = (text: string): unknown =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('rows', () => {
  const asCsv = [['a', 'b', 'c'], ...MEANT.map(([csv]) => csv)];
  const asJson = MEANT.map(([, json]) => json);

  test.each(['declared', 'undeclared'])('of any kind are read back as they were meant, columns %s', async (which) => {
    const place = new Place({ 'w.mjs': rowsWorker(which === 'declared' ? "columns: ['a', 'b', 'c']," : '') });
    const read = (file: string): string => unpack(place.bytes(file), file);
    expect(await place.run('--shards', '3', '-o', 'out.csv.gz')).toMatchObject({ code: 0 });
    expect(parseCsv(read('out.csv.gz'))).toEqual(asCsv);
    expect(await place.shardyard('merge', 'r', '-o', 'again.csv')).toMatchObject({ code: 0 });
    expect(parseCsv(read('again.csv'))).toEqual(asCsv);

    expect(await place.run('--name', 'j', '--shards', '3', '-o', 'out.jsonl')).toMatchObject({ code: 0 });
    expect(parseLines(read('out.jsonl'))).toEqual(asJson);
    expect(read('out.jsonl')).toContain('1180591620717411303424');
    for (const file of ['out.json.zst', 'out.json', 'out.csv.zst']) await place.shardyard('merge', 'j', '-o', file);
    expect(JSON.parse(read('out.json.zst'))).toEqual(asJson);
    expect(read('out.json')).toBe(read('out.json.zst'));
    // NDJSON has no NaN to make CSV of.
    const named = asCsv.map((row) => row.map((field) => (/^(NaN|-?Infinity)$/.test(field) ? '' : field)));
    expect(parseCsv(read('out.csv.zst'))).toEqual(named);
  });

  test('that are none fail their item, and say why', async () => {
    const bad = {
      number: '3',
      text: '"row"',
      date: 'new Date(0)',
      map: 'new Map([["a", 1]])',
      nested: '[[{ a: 1 }]]',
      function: '{ a: () => 1 }',
      symbol: '{ a: Symbol("x") }',
      circular: '(() => { const a = {}; a.a = a; return a; })()',
      promise: '{ a: Promise.resolve(1) }',
      unknown: '{ d: 1 }',
      half: '(function* () { yield { a: 1 }; throw new Error("half way"); })()',
      getter: '({ get a() { throw new Error("no value"); } })',
      invalid: '{ a: new Date(NaN) }',
    };
    const cases = Object.entries(bad).map(([name, code]) => `${name}: () => (${code})`);
    const items = ['good', ...Object.keys(bad), 'last'];
    const worker = `const given = { ${cases.join(', ')} };\nexport default { columns: ['a'], process: (item) => item in given ? given[item]() : { a: item } };\n`;
    const place = new Place({ 'w.mjs': worker });
    expect(await place.run('--items', items.join(','), '--retries', '0')).toMatchObject({ code: 1 });
    expect(place.read('out.csv')).toBe('a\ngood\nlast\n');
    const { failures } = place.report();
    expect(failures.map(({ key }) => key)).toEqual(Object.keys(bad));
    expect(failures.filter(({ message, cause }) => message.length < 5 || cause !== 'error')).toEqual([]);
  });
});
