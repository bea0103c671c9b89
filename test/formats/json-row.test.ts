import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../src/core/worker.ts';
import { parseRow } from '../../src/formats/json-parse.ts';
import { jsonEncoder } from '../../src/formats/json-row.ts';
import { naughty, trickyKey, trickyText } from './samples.ts';

const encode = jsonEncoder();

describe('jsonEncoder', () => {
  test.each<[string, unknown, string]>([
    ['text', 'a"\n\r\\', String.raw`"a\"\n\r\\"`],
    ['line separators', '\u2028\u0085', '"\u2028\u0085"'],
    ['a lone surrogate', 'a\uD800b', '"a\uFFFDb"'],
    ['what looks like an escaped one', '\\ud800', String.raw`"\\ud800"`],
    ['both', '\\ud800\uD800', '"\\\\ud800\uFFFD"'],
    ['an emoji', '😀', '"😀"'],
    ['a number', 0.1, '0.1'],
    ['minus zero', -0, '0'],
    ['not a number', Number.NaN, 'null'],
    ['infinity', -Infinity, 'null'],
    ['a small bigint', 5n, '5'],
    ['a large bigint', -(10n ** 30n), '-1000000000000000000000000000000'],
    ['bigints within', { a: [2n ** 64n] }, '{"a":[18446744073709551616]}'],
    ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['null', null, 'null'],
    ['undefined in an array', [undefined], '[null]'],
    ['undefined in an object', { a: undefined, b: 1 }, '{"b":1}'],
    ['a typed array', new Uint8Array([1, 2]), '[1,2]'],
    ['a date beside a bigint', { at: new Date(0), n: 1n, s: '\uD800' }, '{"at":"1970-01-01T00:00:00.000Z","n":1,"s":"\uFFFD"}'],
  ])('%s', (_name, value, text) => {
    expect(encode({ before: 1, v: value })).toBe(`{"before":1,"v":${text}}\n`);
  });

  test('keeps the order of keys and drops undefined ones', () => {
    expect(encode({ b: 1, a: 2, gone: undefined, c: null })).toBe('{"b":1,"a":2,"c":null}\n');
    expect(encode({})).toBe('{}\n');
    expect(encode({ '\uD800': 1n })).toBe('{"\uFFFD":1}\n');
    expect(encode({ '\uD800': 1 })).toBe('{"\uFFFD":1}\n');
  });

  test('is not swayed by a bigint that writes itself as text', () => {
    // oxlint-disable-next-line no-extend-native -- many programs do this, and it must not change our bytes
    Object.defineProperty(BigInt.prototype, 'toJSON', { value: () => 'text', configurable: true });
    try {
      expect(encode({ v: 5n })).toBe('{"v":5}\n');
    } finally {
      Reflect.deleteProperty(BigInt.prototype, 'toJSON');
    }
  });

  test.each<[string, unknown, RegExp]>([
    ['a function', () => 1, /^"v" is a function, which cannot be written/],
    ['a symbol', Symbol('s'), /^"v" is a symbol/],
    ['a promise', Promise.resolve(), /^"v" is a Promise, which cannot be written: await it/],
    ['an invalid date', new Date('?'), /^"v" is an invalid Date/],
    ['a weak map', new WeakMap(), /^"v" is a WeakMap/],
  ])('%s is an error', (_name, value, message) => {
    expect(() => encode({ v: value })).toThrow(message);
  });

  test.each([['abc'], [[1]], [new Date()], [new Map()], [null]])('%j is no row', (row) => {
    expect(() => encode(row as unknown as Row)).toThrow(/^a row must be an object such as \{ name: value \}, not /);
  });

  test('with columns refuses other keys', () => {
    const strict = jsonEncoder(['a', 'b']);
    expect(strict({ b: 1 })).toBe('{"b":1}\n');
    expect(() => strict({ a: 1, x: 2 })).toThrow(`column "x" is not in the worker's columns (a, b)`);
  });

  test('naughty strings read back the same', () => {
    for (const v of naughty) expect(JSON.parse(encode({ v }))).toEqual({ v });
  });

  test('any row is one line of well-formed JSON that reads back the same', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        trickyText,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.bigInt(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(trickyKey, tie('any'), { maxKeys: 3 }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(trickyKey, value), (row) => {
        const line = encode(row);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(line.isWellFormed()).toBe(true);
        expect(line).not.toMatch(/(?<!\\)(\\\\)*\\ud[89a-f]/);
        expect(encode(parseRow(line, 1))).toBe(line);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('parseRow', () => {
  test('loses no digit of whole numbers', () => {
    expect(parseRow('{"a":9007199254740993,"b":9007199254740991,"c":-1234567890123456789}', 1)).toEqual({
      a: 9007199254740993n,
      b: 9007199254740991,
      c: -1234567890123456789n,
    });
    expect(parseRow('{"a":0.1234567890123456,"b":1e300,"c":"12345678901234567890","d":[12345678901234567890.5]}', 1)).toEqual({
      a: 0.1234567890123456,
      b: 1e300,
      c: '12345678901234567890',
      d: [12345678901234567000],
    });
  });

  test.each([
    ['{"a":', /^row 7 is not a JSON object: Unexpected end of JSON input/],
    ['[1]', /^row 7 is not a JSON object: a row must be an object such as \{ name: value \}, not an array/],
    ['', /^row 7 is not a JSON object/],
  ])('refuses %j', (text, message) => {
    expect(() => parseRow(text, 7)).toThrow(
      expect.objectContaining({ name: 'UserError', exitCode: 4, message: expect.stringMatching(message) }),
    );
  });
});
