import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { complaint, fileWith, itemsOf, linesOf, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
const read = (content: string | Uint8Array): Promise<unknown[]> => itemsOf(fileWith(folder, content, '.csv'));
const refused = (content: string): Promise<string> => complaint(folder, () => read(content));

test('a row is an object of strings', async () => {
  expect(await read('symbol,n,\u00e4\nAAPL,007,1e3\nMSFT,, x \n')).toEqual([
    { symbol: 'AAPL', n: '007', ä: '1e3' },
    { symbol: 'MSFT', n: '', ä: ' x ' },
  ]);
});

test('byte order mark, CRLF, blank lines, no last line feed', async () => {
  expect(await read('\uFEFFa,b\r\n\r\n1,2\r\n\n"3","4"')).toEqual([
    { a: '1', b: '2' },
    { a: '3', b: '4' },
  ]);
});

test('quotes, commas and line breaks inside quotes are kept as they are', async () => {
  expect(await read('a,b\n"x, ""y""","1\r\n\r\n2\n3"\r\n"",4\n')).toEqual([
    { a: 'x, "y"', b: '1\r\n\r\n2\n3' },
    { a: '', b: '4' },
  ]);
});

test('with one column, "" is an empty value and a blank line is none', async () => {
  expect(await read('a\n""\n\n1\n')).toEqual([{ a: '' }, { a: '1' }]);
});

test('a column named __proto__ is a column', async () => {
  const [item] = await read('a,__proto__\n1,2\n');
  expect(JSON.stringify(item)).toBe('{"a":"1","__proto__":"2"}');
});

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

test('what RFC 4180 can say is read back, whatever it is', async () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é', '😀', ' ', ';') });
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1 }));
  await fc.assert(
    fc.asyncProperty(table, fc.constantFrom('\n', '\r\n'), fc.boolean(), async (rows, newline, always) => {
      const header = rows[0]?.map((_, at) => `c${at}`) ?? [];
      const line = (row: readonly string[]): string =>
        row.map((text) => (always || /[",\n\r]/.test(text) || text === '' ? quoted(text) : text)).join(',');
      const content = [header, ...rows].map((row) => line(row) + newline).join('');
      expect(await read(content)).toEqual(rows.map((row) => Object.fromEntries(row.map((text, at) => [`c${at}`, text]))));
    }),
  );
});

test('lines are counted past quoted line breaks and chunks', async () => {
  const rows = Array.from({ length: 60_000 }, (_, at) => (at % 3 === 0 ? `${at},"😀\n${at}"\n` : `${at},€${at}\n`));
  expect(await linesOf(fileWith(folder, `a,b\n${rows.join('')}`, '.csv'))).toEqual(rows.map((_, at) => 2 + at + Math.ceil(at / 3)));
});

describe('refused, with the line', () => {
  test.each([
    ['a,b,a\n', ':1: two columns are named "a"'],
    ['a,,c\n1,2,3\n', ':1: column 2 has no name'],
    ['a,b\n1,2\n3\n', ':3: this row has 1 field, the header has 2'],
    ['a,b\n\n1,"x\ny"\n1,2,3\n', ':5: this row has 3 fields, the header has 2'],
    ['a,b\n1,2\n3,"4\n5,6\n', ':3: a double quote in this row is never closed'],
    ['a,b\n1,"2"x\n3,4\n', ':2: a double quote in this row'],
    ['a,b\n1,5" disk\n3,4\n', ':2: a double quote in this row'],
    ['a,b\n1,5" disk\n3,6" disk\n4,5\n', ':2: a double quote in this row'],
    ['a;b\n1;2\n', ':1: the columns seem to be separated by semicolons'],
    ['a\tb\n1\t2\n', ':1: the columns seem to be separated by tabs'],
    ['', ': is empty'],
    ['\n\n', ': is empty'],
  ])('%j', async (content, message) => {
    expect((await refused(content)).replace(/^items-\d+\.csv/, '')).toContain(message);
  });

  test('bytes that are not UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('a,b\n1,2\n3,'), Buffer.from([0xe4]), Buffer.from('\n')]);
    expect(await complaint(folder, () => read(bytes))).toMatch(/:3: .*UTF-8/);
  });
});
