import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvEncoder, csvHeader } from '../../src/formats/csv-row.ts';
import { csvToNdjson } from '../../src/formats/csv-to-ndjson.ts';
import { ndjsonToArray } from '../../src/formats/json-array.ts';
import { jsonEncoder } from '../../src/formats/json-row.ts';
import { ndjsonToCsv } from '../../src/formats/ndjson-to-csv.ts';
import type { Converter } from '../../src/formats/sink.ts';
import { withHeader } from '../../src/formats/with-header.ts';
import { convertAll, cut, naughty, spectra, trickyKey, trickyText } from './samples.ts';

const COLUMNS = ['id', 'text', 'é,"x"'];
const ROWS = [
  { id: 1, text: 'plain', 'é,"x"': '😀' },
  { id: 2, text: 'a "quoted", two\nline\r\ntext', 'é,"x"': 'ü' },
  { id: 3, text: '', 'é,"x"': '""' },
  { id: 4, text: ' ', 'é,"x"': '漢字' },
];
const CSV = ROWS.map(csvEncoder(COLUMNS)).join('');
const NDJSON = ROWS.map(jsonEncoder()).join('');
const AS_TEXT = ROWS.map((row) => `${JSON.stringify({ ...row, id: String(row.id), text: row.text || null })}\n`).join('');

const kinds: readonly { name: string; create: () => Converter; from: string; to: string }[] = [
  { name: 'CSV to CSV', create: () => withHeader(COLUMNS), from: CSV, to: csvHeader(COLUMNS) + CSV },
  { name: 'NDJSON to CSV', create: () => ndjsonToCsv(COLUMNS), from: NDJSON, to: csvHeader(COLUMNS) + CSV },
  { name: 'CSV to NDJSON', create: () => csvToNdjson(COLUMNS), from: CSV, to: AS_TEXT },
  { name: 'NDJSON to an array', create: ndjsonToArray, from: NDJSON, to: `[\n${NDJSON.trimEnd().replaceAll('\n', ',\n')}\n]\n` },
];

describe.each(kinds)('$name', ({ create, from, to }) => {
  const bytes = Buffer.from(from);

  test('in one piece', () => {
    expect(convertAll(create(), [bytes])).toBe(to);
  });

  test('cut in two at every byte', () => {
    for (let border = 0; border <= bytes.length; border++) expect(convertAll(create(), cut(bytes, [border]))).toBe(to);
  });

  test('byte by byte', () => {
    expect(convertAll(create(), cut(bytes, [...bytes.keys()]))).toBe(to);
  });
});

describe('NDJSON to an array', () => {
  test('without rows', () => {
    expect(convertAll(ndjsonToArray(), [])).toBe('[]\n');
    expect(convertAll(ndjsonToArray(), [Buffer.alloc(0)])).toBe('[]\n');
  });

  test('does not need the last line end, and drops empty lines', () => {
    expect(convertAll(ndjsonToArray(), [Buffer.from('\n{}\n\n{}')])).toBe('[\n{},\n{}\n]\n');
  });

  test('is what JSON.parse reads, for any rows and borders', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(trickyKey, fc.jsonValue())), fc.array(fc.nat()), (rows, borders) => {
        const text = rows.map(jsonEncoder()).join('');
        const array = convertAll(ndjsonToArray(), cut(Buffer.from(text), borders));
        expect(JSON.parse(array)).toEqual(
          text
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line)),
        );
      }),
    );
  });
});

describe('NDJSON to CSV', () => {
  test('fills, orders, and writes values as the CSV encoder does', () => {
    const rows = [{ b: 12345678901234567890n, a: [1, { x: 10n ** 20n }] }, { a: null }, { c: 1.5, a: 'x,y', b: false }];
    const columns = ['a', 'b', 'c'];
    const bytes = Buffer.from(rows.map(jsonEncoder()).join(''));
    expect(convertAll(ndjsonToCsv(columns), [bytes])).toBe(csvHeader(columns) + rows.map(csvEncoder(columns)).join(''));
  });

  test('without rows is the header, and without columns nothing', () => {
    expect(convertAll(ndjsonToCsv(['a', 'b']), [])).toBe('a,b\n');
    expect(convertAll(ndjsonToCsv([]), [])).toBe('');
  });

  test('names the line that is wrong', () => {
    expect(() => convertAll(ndjsonToCsv(['a']), [Buffer.from('{}\n{"a":}\n')])).toThrow(/^row 2 is not a JSON object: Unexpected token/);
    expect(() => convertAll(ndjsonToCsv(['a']), [Buffer.from('{"b":1}')])).toThrow(`column "b" is not in the worker's columns (a)`);
  });

  test('any rows give the same as the CSV encoder alone', () => {
    const value = fc.oneof(
      trickyText,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt(),
      fc.boolean(),
      fc.constant(null),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ a: value, b: value, c: value }, { requiredKeys: [] })), fc.array(fc.nat()), (rows, borders) => {
        const columns = ['c', 'a', 'b'];
        const bytes = Buffer.from(rows.map(jsonEncoder()).join(''));
        expect(convertAll(ndjsonToCsv(columns), cut(bytes, borders))).toBe(csvHeader(columns) + rows.map(csvEncoder(columns)).join(''));
      }),
      { numRuns: 500 },
    );
  });
});

describe('CSV to NDJSON', () => {
  test('any fields at any borders: text, and null where empty', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(trickyText, trickyText, trickyText)), fc.array(fc.nat()), (rows, borders) => {
        const encode = csvEncoder(COLUMNS);
        const bytes = Buffer.from(
          rows.map((row) => encode(Object.fromEntries(COLUMNS.map((column, index) => [column, row[index]])))).join(''),
        );
        const wanted = rows.map(
          (row) => `${JSON.stringify(Object.fromEntries(COLUMNS.map((column, index) => [column, row[index]?.toWellFormed() || null])))}\n`,
        );
        expect(convertAll(csvToNdjson(COLUMNS), cut(bytes, borders))).toBe(wanted.join(''));
      }),
      { numRuns: 1000 },
    );
  });

  test('naughty strings in one column', () => {
    const bytes = Buffer.from(naughty.map((v) => csvEncoder(['v'])({ v })).join(''));
    const lines = convertAll(csvToNdjson(['v']), cut(bytes, [1000, 5000, 5001]))
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(naughty.map((v) => ({ v: v || null })));
  });

  // Left out: line ends that are not ours, and a file whose two forms hold different telephone numbers.
  const ours = spectra.filter(({ name, csv }) => !csv.includes('\r') && name !== 'location_coordinates.csv');
  test.each(ours)('csv-spectrum $name', ({ csv, records }) => {
    const columns = Object.keys(records[0] ?? {});
    const body = csv.slice(csv.indexOf('\n') + 1);
    const lines = convertAll(csvToNdjson(columns), [Buffer.from(body)])
      .split('\n')
      .filter(Boolean);
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      records.map((record) => JSON.parse(JSON.stringify(record, (_key, value) => value || null))),
    );
  });

  test('does not need the last line end', () => {
    expect(convertAll(csvToNdjson(['a', 'b']), [Buffer.from('1,2\n3,"4"')])).toBe('{"a":"1","b":"2"}\n{"a":"3","b":"4"}\n');
  });

  test('rows without columns', () => {
    expect(convertAll(csvToNdjson([]), [Buffer.from('""\n""\n')])).toBe('{}\n{}\n');
  });

  test.each([
    ['1,2\n3\n', 'row 2 has 1 fields, and there are 2 columns (a, b)'],
    ['1,2\n1,2,3\n', 'row 2 has 3 fields, and there are 2 columns (a, b)'],
    ['1,2\n\n', 'row 2 has 1 fields, and there are 2 columns (a, b)'],
    ['1,2\n1,"2\n', 'row 2 is not CSV: Quoted field unterminated'],
    ['1,2\n1,"2"x\n', /^row 2 is not CSV: /],
  ])('refuses %j', (text, message) => {
    for (const borders of [[], [3], [7, 8]]) {
      expect(() => convertAll(csvToNdjson(['a', 'b']), cut(Buffer.from(text), borders))).toThrow(message);
    }
  });

  test('refuses a column twice', () => {
    expect(() => csvToNdjson(['a', 'a'])).toThrow('a column is named twice (a, a)');
  });
});
