import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../src/core/worker.ts';
import { csvEncoder, csvHeader } from '../../src/formats/csv-row.ts';
import { naughty, readCsv, spectra, trickyKey, trickyText } from './samples.ts';

const one = csvEncoder(['v']);
const two = csvEncoder(['a', 'b']);

class Point {
  x = 1;
  y = 2;
  get sum(): number {
    return this.x + this.y;
  }
}

class Decimal {
  #digits = '1.50';
  toJSON(): string {
    return this.#digits;
  }
}

describe('a value', () => {
  const circular: unknown[] = [];
  circular.push(circular);

  test.each<[string, unknown, string]>([
    ['text', 'abc', 'abc'],
    ['spaces around', ' a ', ' a '],
    ['a comma', 'a,b', '"a,b"'],
    ['a quote', 'a"b', '"a""b"'],
    ['only a quote', '"', '""""'],
    ['a line feed', 'a\nb', '"a\nb"'],
    ['a carriage return', 'a\rb', '"a\rb"'],
    ['other line ends', 'a\u2028b\u0085', 'a\u2028b\u0085'],
    ['a byte order mark in front', '\uFEFFa', '"\uFEFFa"'],
    ['a byte order mark within', 'a\uFEFF', 'a\uFEFF'],
    ['an emoji', '😀', '😀'],
    ['a lone surrogate', 'a\uD800b', 'a\uFFFDb'],
    ['a lone surrogate and a comma', '\uDC00,', '"\uFFFD,"'],
    ['a whole number', 42, '42'],
    ['a fraction', 0.1 + 0.2, '0.30000000000000004'],
    ['a large number', 1e21, '1e+21'],
    ['a small number', -1e-7, '-1e-7'],
    ['minus zero', -0, '0'],
    ['not a number', Number.NaN, 'NaN'],
    ['infinity', Number.POSITIVE_INFINITY, 'Infinity'],
    ['minus infinity', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['a bigint', 12345678901234567890n, '12345678901234567890'],
    ['true', true, 'true'],
    ['false', false, 'false'],
    ['a date', new Date(Date.UTC(2024, 1, 29, 13, 5, 7, 9)), '2024-02-29T13:05:07.009Z'],
    ['a date far away', new Date(8.64e15), '+275760-09-13T00:00:00.000Z'],
    ['an object', { x: 1, y: [true, null] }, '"{""x"":1,""y"":[true,null]}"'],
    ['an empty object', {}, '{}'],
    ['an array', [1, 'a'], '"[1,""a""]"'],
    ['an array of one number', [1], '[1]'],
    [
      'nested specials',
      [Number.NaN, undefined, new Date(0), 10n ** 20n],
      '"[null,null,""1970-01-01T00:00:00.000Z"",100000000000000000000]"',
    ],
    ['a nested lone surrogate', ['\uD800', { '\uDC00': '\\ud800' }], '"[""\uFFFD"",{""\uFFFD"":""\\\\ud800""}]"'],
    ['an object without prototype', Object.assign(Object.create(null), { x: 1 }), '"{""x"":1}"'],
    ['an instance', new Point(), '"{""x"":1,""y"":2}"'],
    ['what writes itself as text', new Decimal(), '1.50'],
    ['a URL', new URL('https://example.org/?a=1,2'), '"https://example.org/?a=1,2"'],
    ['a boxed text', Object('a"b'), '"a""b"'],
    ['a boxed number', Object(7), '7'],
    ['a typed array', new Float32Array([0.5, -1]), '"[0.5,-1]"'],
    ['an array of bigints', new BigInt64Array([2n ** 62n]), '[4611686018427387904]'],
    ['a set', new Set([1, 'a']), '"[1,""a""]"'],
    [
      'a map',
      new Map<string | number, unknown>([
        ['x', 1],
        [2, { y: 3n }],
      ]),
      '"{""2"":{""y"":3},""x"":1}"',
    ],
    ['a deep array', JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`), '['.repeat(100) + ']'.repeat(100)],
  ])('%s', (_name, value, text) => {
    expect(one({ v: value })).toBe(`${text}\n`);
  });

  test.each<[string, unknown]>([
    ['empty text', ''],
    ['null', null],
    ['undefined', undefined],
  ])('%s is empty, and quoted where the line would be empty', (_name, value) => {
    expect(one({ v: value })).toBe('""\n');
    expect(two({ a: value, b: value })).toBe(',\n');
    expect(csvEncoder(['a', 'b', 'c'])({ a: value, b: 'x', c: value })).toBe(',x,\n');
  });

  test.each<[string, unknown, string | RegExp]>([
    ['a symbol', Symbol('s'), 'column "v" is a symbol, which cannot be written'],
    ['a function', () => 1, 'column "v" is a function, which cannot be written'],
    ['an invalid date', new Date('?'), 'column "v": the value is an invalid Date'],
    ['an invalid date within', { at: new Date('?') }, 'column "v": "at" is an invalid Date'],
    ['a promise', Promise.resolve(1), 'column "v": the value is a Promise, which cannot be written: await it'],
    ['a promise within', [{ p: Promise.resolve(1) }], 'column "v": "p" is a Promise, which cannot be written: await it'],
    ['a function within', { f() {} }, /^column "v": "f" is a function, which cannot be written: turn it into/],
    ['a symbol within', [Symbol('s')], /^column "v": "0" is a symbol, which/],
    ['a regular expression', /x/, /^column "v": the value is a RegExp, which/],
    ['an error', new TypeError('x'), /^column "v": the value is an Error, which/],
    ['a map with objects as keys', new Map([[{}, 1]]), /^column "v": the value is a Map, which/],
    ['circular', circular, /^column "v": Converting circular structure to JSON/],
  ])('%s is an error', (_name, value, message) => {
    expect(() => one({ v: value })).toThrow(message);
  });
});

describe('a row', () => {
  test('lacks columns', () => {
    expect(two({ b: 1 })).toBe(',1\n');
    expect(two({ a: 1 })).toBe('1,\n');
    expect(two({})).toBe(',\n');
    expect(one({})).toBe('""\n');
  });

  test('has its keys in another order', () => {
    expect(two({ b: 'B', a: 'A' })).toBe('A,B\n');
    expect(csvEncoder(['b', '1'])({ b: 'B', 1: 'one' })).toBe('B,one\n');
  });

  test('has a key without a column', () => {
    const message = `column "x" is not in the worker's columns (a, b)`;
    expect(() => two({ a: 1, x: 2, b: 3 })).toThrow(message);
    expect(() => two({ a: 1, b: 3, x: undefined })).toThrow(message);
    expect(() => csvEncoder([])({ x: 1 })).toThrow(`column "x" is not in the worker's columns ()`);
  });

  test('has no inherited columns', () => {
    expect(csvEncoder(['toString', 'x'])({ x: 1 })).toBe(',1\n');
    expect(csvEncoder(['__proto__', 'x'])({ x: 1 })).toBe(',1\n');
    expect(csvEncoder(['__proto__', 'x'])(JSON.parse('{"x":1,"__proto__":2}'))).toBe('2,1\n');
  });

  test('may be an instance of a class: its own fields', () => {
    expect(csvEncoder(['x', 'y'])({ ...new Point() })).toBe('1,2\n');
    expect(csvEncoder(['x', 'y', 'sum'])(new Point() as unknown as Row)).toBe('1,2,\n');
  });

  test('without columns is still a line', () => {
    expect(csvEncoder([])({})).toBe('""\n');
  });

  test.each<[unknown, string]>([
    ['abc', 'a string'],
    [1, 'a number'],
    [null, 'null'],
    [undefined, 'undefined'],
    [[1, 2], 'an array'],
    [new Date(), 'a Date'],
    [new Map(), 'a Map'],
    [Promise.resolve({}), 'a Promise'],
    [new Uint8Array(3), 'a Uint8Array'],
    [() => ({}), 'a function'],
  ])('is not %s', (value, kind) => {
    expect(() => one(value as Row)).toThrow(`a row must be an object such as { name: value }, not ${kind}`);
  });

  test('needs columns that differ', () => {
    expect(() => csvEncoder(['a', 'b', 'a'])).toThrow('a column is named twice (a, b, a)');
  });
});

describe('csvHeader', () => {
  test.each([
    [['a', 'b c', 'd,e', 'f"g', ''], 'a,b c,"d,e","f""g",\n'],
    [['\uFEFFa', '\uD800'], '"\uFEFFa",\uFFFD\n'],
    [[''], '""\n'],
    [[], ''],
  ])('%j', (columns, line) => {
    expect(csvHeader(columns)).toBe(line);
  });
});

describe('what is written reads back the same', () => {
  test('naughty strings', () => {
    const encode = csvEncoder(['before', 'v', 'after']);
    const text = naughty.map((v) => encode({ before: 1, v, after: 2 })).join('');
    expect(naughty.length).toBeGreaterThan(400);
    expect(readCsv(text)).toEqual(naughty.map((v) => ['1', v, '2']));
    expect(readCsv(naughty.map((v) => one({ v })).join(''))).toEqual(naughty.map((v) => [v]));
  });

  test.each(spectra)('csv-spectrum $name', ({ records }) => {
    const columns = Object.keys(records[0] ?? {});
    const text = csvHeader(columns) + records.map(csvEncoder(columns)).join('');
    expect(readCsv(text)).toEqual([columns, ...records.map((record) => Object.values(record))]);
  });

  test('any texts', () => {
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) =>
        fc.tuple(
          fc.uniqueArray(trickyText, { minLength: width, maxLength: width }),
          fc.array(fc.array(trickyText, { minLength: width, maxLength: width })),
        ),
      );
    fc.assert(
      fc.property(table, ([columns, rows]) => {
        const encode = csvEncoder(columns);
        const text = csvHeader(columns) + rows.map((row) => encode(rowOf(columns, row))).join('');
        expect(text.isWellFormed()).toBe(true);
        expect(readCsv(text)).toEqual([columns, ...rows].map((row) => row.map((field) => field.toWellFormed())));
      }),
      { numRuns: 1000 },
    );
  });

  test('any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const [[text] = []] = readCsv(one({ v: value }));
        if (value === null) expect(text).toBe('');
        else if (typeof value === 'string') expect(text).toBe(value);
        else expect(JSON.parse(text ?? '')).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('any order and choice of keys', () => {
    fc.assert(
      fc.property(
        fc.dictionary(trickyKey, trickyText, { minKeys: 1, maxKeys: 6, noNullPrototype: true }),
        fc.infiniteStream(fc.nat()),
        (row, random) => {
          const names = Object.keys(row);
          const columns = names.toSorted(() => ((random.next().value ?? 0) % 3) - 1);
          expect(readCsv(csvEncoder(columns)(row))).toEqual([columns.map((column) => row[column]?.toWellFormed())]);
        },
      ),
    );
  });
});

function rowOf(columns: readonly string[], fields: readonly string[]): Row {
  return Object.fromEntries(columns.map((column, index) => [column, fields[index]]));
}
