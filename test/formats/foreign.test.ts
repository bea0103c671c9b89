import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { array, assert, constantFrom, dictionary, integer, jsonValue, oneof, property, string } from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { ForeignCsv } from '../../src/formats/foreign-csv.ts';
import { ForeignJson } from '../../src/formats/foreign-json.ts';

/** Reads a text in pieces of so many bytes. */
function csv(
  text: string | Uint8Array,
  size = 1e6,
  wanted?: readonly string[],
  watch?: string,
): { names: readonly string[]; rows: string; watched: string[] } {
  let names: readonly string[] = [];
  let rows = '';
  const watched: string[] = [];
  const reader = new ForeignCsv({
    header(found) {
      names = found;
      return wanted?.map((name) => found.indexOf(name));
    },
    rows: (bytes) => void (rows += Buffer.from(bytes).toString()),
    ...(watch === undefined ? {} : { watch: { column: watch, next: (value: string) => void watched.push(value) } }),
  });
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  return { names, rows, watched };
}

function json(text: string | Uint8Array, size = 1e6): { texts: string[]; rows: unknown[] } {
  const [texts, rows]: [string[], unknown[]] = [[], []];
  const reader = new ForeignJson((line, row) => {
    texts.push(line);
    rows.push(row);
  });
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  return { texts, rows };
}

const parse = (text: string): string[][] => Papa.parse<string[]>(text, { delimiter: ',', newline: '\n' }).data.slice(0, -1);

describe('foreign CSV', () => {
  test('line ends, a byte order mark, blank lines, no final newline, in pieces of any size', () => {
    const text = '\uFEFFa,"b ""x"""\r\n1,"two\r\nlines"\r\n\r\n"","she said ""no"", twice"\r\n3,ž';
    for (let size = 1; size < 70; size++) {
      expect(csv(text, size), `${size}`).toEqual({
        names: ['a', 'b "x"'],
        rows: '1,"two\r\nlines"\n"","she said ""no"", twice"\n3,ž\n',
        watched: [],
      });
    }
    expect(csv('a,b\n1,2\n')).toMatchObject({ rows: '1,2\n' });
    expect(csv('a,b')).toMatchObject({ names: ['a', 'b'], rows: '' });
    expect(csv('a\n"x"')).toMatchObject({ rows: '"x"\n' });
    expect(csv('a,b\r\n1,2\r')).toMatchObject({ rows: '1,2\n' });
  });

  test('columns in another order, and one that is watched', () => {
    const found = csv('b,a,c\n"x,1",2,"3\n3"\r\n4,"""",6', 3, ['a', 'b', 'c'], 'a');
    expect(found).toEqual({ names: ['b', 'a', 'c'], rows: '2,"x,1","3\n3"\n"""",4,6\n', watched: ['2', '"'] });
  });

  test('a quote within a field means itself', () => {
    for (const size of [1, 1e6]) expect(csv('a,b\n5" pipe,"x"\ny,2', size).rows).toBe('"5"" pipe","x"\ny,2\n');
  });

  test('whatever is written by another program is read as papaparse reads it', () => {
    const field = oneof(string({ maxLength: 6 }), constantFrom('', ',', '"', '\n', '\r\n', '""', ' ', 'é,"', '🐎'));
    const table = integer({ min: 1, max: 5 }).chain((width) =>
      array(array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
    );
    assert(
      property(table, integer({ min: 1, max: 9 }), constantFrom('\n', '\r\n'), (rows, size, newline) => {
        const header = rows[0]?.map((_, at) => `c${at}`) ?? [];
        const text = Papa.unparse([header, ...rows], { newline, quotes: (_value, column) => column % 2 === 0 });
        expect(parse(csv(text, size).rows)).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });

  test('csv-spectrum', () => {
    const folder = join(import.meta.dirname, '../../node_modules/csv-spectrum/csvs');
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(join(folder, name));
      const expected = [JSON.parse(readFileSync(join(folder, '../json', name.replace('.csv', '.json')), 'utf8')) as unknown].flat();
      for (const size of [1, 7, 1e6]) {
        const { names, rows } = csv(bytes, size);
        const objects = parse(rows).map((row) => Object.fromEntries(row.map((value, at) => [names[at], value])));
        // Of this one, the expected telephone number is another.
        if (name === 'location_coordinates.csv') expect(objects, name).toHaveLength(expected.length);
        else expect(objects, name).toEqual(expected);
      }
    }
  });

  test.each([
    ['a,b\n1,"2\n', /line 2: a quote is never closed/],
    ['a,b\n1,2\n3\n', /line 3: the row has 1 field, the header has 2/],
    ['a,b\n1,"x"y\n', /line 2: something follows a closing quote/],
    ['a;b\n1;2\n', /line 1: .*semicolons/],
    ['a,a\n1,2\n', /line 1: two columns are named "a"/],
    ['[{"a":1}]', /looks like JSON/],
    ['a\rb\r', /line 1: there is a carriage return without a line feed/],
    [Buffer.from([97, 10, 0xff, 10]), /not valid UTF-8/],
    [Buffer.from('a,b\n1,2\n', 'utf16le'), /NUL/],
  ] as const)('%j is refused', (text, says) => {
    for (const size of [1, 1e6]) expect(() => csv(text as string, size)).toThrow(says);
  });

  test('a column to watch that is not there', () => expect(() => csv('a,b\n', 9, undefined, 'c')).toThrow(/no column "c" in a,b/));
});

describe('foreign JSON', () => {
  test('an array or an object a line, in pieces of any size; the text stays', () => {
    const text = '\uFEFF [ {"a": 1.0,\r\n  "b": ["x]", "\\"}"]},\n{"a":12345678901234567890}, {} ]\n';
    const texts = ['{"a": 1.0,"b": ["x]", "\\"}"]}', '{"a":12345678901234567890}', '{}'];
    for (let size = 1; size < 60; size++) expect(json(text, size).texts, `${size}`).toEqual(texts);
    expect(json(`\n${texts.join('\r\n')}`, 5).texts).toEqual(texts);
    expect(json('[]').texts).toEqual([]);
    expect(json(' ').texts).toEqual([]);
  });

  test('any rows', () => {
    const rows = array(dictionary(string(), jsonValue()));
    assert(
      property(rows, integer({ min: 1, max: 9 }), constantFrom(undefined, 2), (value, size, indent) => {
        expect(json(JSON.stringify(value, null, indent), size).rows).toEqual(JSON.parse(JSON.stringify(value)));
        expect(json(value.map((row) => `${JSON.stringify(row)}\n`).join(''), size).rows).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ['[{"a":1},{"b":', /row 1: the array has no end/],
    ['[{"a":1},]', /row 2: not JSON/],
    ['[{"a":1} {"b":2}]', /not JSON/],
    ['[{"a":1},2]', /row 2: not an object/],
    ['[{"a":1}] x', /something follows the array/],
    ['{"a":1}\n{"b"', /row 2: not JSON/],
    ['{"a":NaN}\n', /row 1: not JSON/],
    ['a,b\n1,2\n', /neither an array nor an object/],
    [Buffer.from([123, 34, 0xff]), /not valid UTF-8/],
  ] as const)('%j is refused', (text, says) => {
    for (const size of [1, 1e6]) expect(() => json(text as string, size)).toThrow(says);
  });
});
