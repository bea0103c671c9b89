import { describe, expect, test } from 'vitest';
import { readSheet, sheetNames } from '../../src/xlsx.ts';
import { isDateFormat } from '../../src/input/xlsx/styles.ts';
import { row, workbook, type WorkbookParts } from '../support/xlsx.ts';
import { complaint, fileWith, itemsOf, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
const save = (parts: WorkbookParts): string => fileWith(folder, workbook(parts), '.xlsx');
const read = async (parts: WorkbookParts, headerRow = 1): Promise<unknown[]> =>
  recordsIn(save(parts), Object.keys(parts.sheets)[0], headerRow);

async function recordsIn(file: string, sheet = 'S', headerRow = 1): Promise<unknown[]> {
  const records: unknown[] = [];
  for await (const record of readSheet(file, sheet, { headerRow })) records.push(record);
  return records;
}

const refused = (parts: WorkbookParts, headerRow = 1): Promise<string> => complaint(folder, () => read(parts, headerRow));
const header = row(1, ['a', 'b']);
const cell = (xml: string): Promise<string> => refused({ sheets: { S: `${header}<row r="2">${xml}</row>` } });
const place = (text: string): RegExp => new RegExp(`^items-\\d+\\.xlsx:${text}.*--header-row`);

test('an item a sheet, by name and in order', async () => {
  const file = save({ sheets: { 'EMAAR DH Equity': header, 'B&B "x"': '', ü: header } });
  expect(await itemsOf(file)).toEqual(['EMAAR DH Equity', 'B&B "x"', 'ü']);
  expect(await sheetNames(file)).toEqual(['EMAAR DH Equity', 'B&B "x"', 'ü']);
});

test('every kind of cell, gaps between them, and rows without any', async () => {
  const strings =
    '<si><t>a</t></si><si><r><rPr><b/></rPr><t>ri</t></r><r><t xml:space="preserve">ch </t></r><rPh sb="0" eb="1"><t>no</t></rPh></si><si><t/></si><si><t>x_x000D__x005F_y &amp; é😀</t></si>';
  const styles =
    '<numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm:ss.000"/><numFmt numFmtId="165" formatCode="&quot;day&quot; 0.0"/></numFmts>' +
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="14"/></cellXfs>';
  const names = ['shared', 'date', 'number', 'bool', 'error', 'formula', 'last'];
  const rows = [
    row(2, names),
    '<row r="3"><c r="A3" t="s"><v>1</v></c><c r="B3" s="1"><v>45512.996020914</v></c><c r="C3" s="2"><v>1.5E-3</v></c><c r="D3" t="b"><v>1</v></c>' +
      '<c r="E3" t="e"><v>#N/A</v></c><c r="F3" t="str"><f>A1&amp;B1</f><v>made</v></c><c r="G3" t="inlineStr"><is><t>in</t></is></c></row>',
    '<row r="7"><c r="G7" t="d"><v>2025-01-31T12:00:00</v></c></row>',
    '<row r="8"/><row r="9"><c r="A9" t="s"><v>2</v></c></row>',
    // Written by programs that leave out what can be counted.
    '<row><c t="s"><v>3</v></c><c s="3"><v>1</v></c><c><v>-7</v></c><c t="b"><v>0</v></c><c/><c t="str"><v><![CDATA[<b>]]></v></c></row>',
  ];
  const empty = Object.fromEntries(names.map((name) => [name, null]));
  expect(await read({ sheets: { S: rows.join('') }, strings, styles }, 2)).toEqual([
    { shared: 'rich ', date: new Date('2024-08-08T23:54:16.207Z'), number: 0.0015, bool: true, error: null, formula: 'made', last: 'in' },
    { ...empty, last: new Date('2025-01-31T12:00:00Z') },
    { ...empty, shared: 'x\r_y & é😀', date: new Date('1900-01-01T00:00:00Z'), number: -7, bool: false, formula: '<b>' },
  ]);
});

test('days count from 1904 where the workbook says so', async () => {
  const styles = '<cellXfs><xf numFmtId="22"/></cellXfs>';
  const sheets = { S: `${row(1, ['when'])}<row r="2"><c r="A2" s="0"><v>0.5</v></c></row>` };
  expect(await read({ sheets, styles, properties: '<workbookPr date1904="1"/>' })).toEqual([{ when: new Date('1904-01-01T12:00:00Z') }]);
});

test('prefixed XML, and more rows than fit one piece', async () => {
  const rows = Array.from({ length: 6_000 }, (_, at) => `<x:row r="${at + 2}"><x:c r="AB${at + 2}"><x:v>${at}</x:v></x:c></x:row>`);
  const sheet = `<x:worksheet xmlns:x="m"><x:sheetData><x:row r="1"><x:c r="AB1" t="str"><x:v>n</x:v></x:c></x:row>${rows.join('')}</x:sheetData></x:worksheet>`;
  const found = await read({ sheets: { S: '' }, more: { 'xl/worksheets/sheet0.xml': sheet } });
  expect(found).toEqual(rows.map((_, n) => ({ n })));
});

test.each([
  ['General', false],
  ['0.00', false],
  ['yyyy-mm-dd', true],
  ['[$-409]d. mmm', true],
  ['[Red]0.0;"d"', false],
  ['"days" 0', false],
  ['\\d0', false],
  ['[h]:mm', false],
  ['hh:mm AM/PM', true],
])('the format %s is one of dates: %s', (code, is) => expect(isDateFormat(code)).toBe(is));

describe('refused, with file and place', () => {
  test('headers', async () => {
    expect(await refused({ sheets: { S: row(1, ['a', 7]) } })).toMatch(place('1: sheet "S", cell B1 of the header is not a name but 7'));
    expect(await refused({ sheets: { S: row(1, ['a', 'a']) } })).toMatch(place('1: sheet "S", cell B1 of the header names a column "a"'));
    expect(await refused({ sheets: { S: row(1, [' ']) } })).toMatch(place('1: sheet "S", cell A1 of the header is blank'));
    expect(await refused({ sheets: { S: header } }, 3)).toMatch(place('3: sheet "S": row 3, which should name the columns, is empty'));
    expect(await refused({ sheets: { S: row(1, ['title']) + row(2, ['x', 1]) } })).toMatch(
      place('2: sheet "S", cell B2: its column has no name'),
    );
    expect(await read({ sheets: { S: '' } })).toEqual([]);
  });

  test('cells', async () => {
    expect(await cell('<c r="B2" t="s"><v>5</v></c>')).toMatch(/:2: sheet "S", cell B2: there is no text number 5/);
    expect(await cell('<c r="B2"><v>1,5</v></c>')).toMatch(/:2: sheet "S", cell B2: "1,5" is not a number/);
    expect(await cell('<c r="B2" t="q"><v>1</v></c>')).toMatch(/cell B2: its type "q"/);
    expect(await cell('<c r="B2"><v>1</c>')).toMatch(/xlsx: is not a whole Excel workbook: .*unexpected close tag/i);
  });

  test('a sheet that is not there', async () => {
    expect(await complaint(folder, () => recordsIn(save({ sheets: { S: header } }), 'T'))).toMatch(/xlsx: has no sheet "T": it has S$/);
  });

  test('files that are no whole workbook', async () => {
    const whole = workbook({ sheets: { S: header + Array.from({ length: 500 }, (_, at) => row(at + 2, [`t${at}`, at * 7919])).join('') } });
    const damaged = Uint8Array.from(whole);
    // In the middle of the sheet's compressed bytes.
    damaged.fill(0xff, whole.length / 2, whole.length / 2 + 40);
    const files = [whole.subarray(0, whole.length - 30), whole.subarray(0, 200), new Uint8Array(0), Buffer.from('a,b\n1,2\n')];
    for (const bytes of files) {
      expect(await complaint(folder, () => itemsOf(fileWith(folder, bytes, '.xlsx')))).toMatch(
        /^items-\d+\.xlsx: is not a whole Excel workbook: /,
      );
    }
    // What comes out of it may still look like cells.
    expect(await complaint(folder, () => recordsIn(fileWith(folder, damaged, '.xlsx')))).toMatch(
      /^items-\d+\.xlsx(:\d+: sheet "S"|: is not a whole)/,
    );
    expect(await complaint(folder, () => itemsOf(save({ sheets: {}, more: {} })))).toMatch(/has no sheet/);
    expect(await complaint(folder, () => itemsOf('gone.xlsx'))).toMatch(/^gone\.xlsx: there is no such file/);
  });

  test.each([
    [workbook({ sheets: { S: header } }), 'a zip archive or an Excel workbook: name it .xlsx'],
    [Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1]), 'an old or encrypted Excel workbook'],
    [Buffer.from('PAR1…'), 'a Parquet file: name it .parquet'],
    [Buffer.from('\uFEFFa,b', 'utf16le'), 'in UTF-16: save it in UTF-8'],
    [Buffer.from([0x1f, 0x8b, 8]), 'compressed with gzip'],
  ])('one that is named .csv', async (bytes, says) => {
    expect(await complaint(folder, () => itemsOf(fileWith(folder, bytes, '.csv')))).toMatch(
      new RegExp(`^items-\\d+\\.csv: is not text: it is ${says}`),
    );
  });
});
