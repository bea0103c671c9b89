import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openItems } from '../../src/input/source.ts';
import { complaint, fileWith, itemsOf, linesOf, temporaryFolder } from './files.ts';

const folder = temporaryFolder();

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('a list on the command line', () => {
  test.each([
    ['AAPL', ['AAPL']],
    ['A,B,C', ['A', 'B', 'C']],
    [' A , B b ', ['A', 'B b']],
    ['NASDAQ:AAPL', ['NASDAQ:AAPL']],
    ['BRK.B', ['BRK.B']],
    ['-5', ['-5']],
    ['007', ['007']],
  ])('%j', async (spec, items) => expect(await itemsOf(spec)).toEqual(items));

  test.each(['A,,B', ',A', 'A,', ',', '', ' '])('%j has an empty entry', async (spec) => {
    expect(await complaint(folder, () => openItems(spec, {}))).toContain('empty');
  });

  test('a file in this folder whose extension is unknown is not taken for an item', async () => {
    const here = process.cwd();
    writeFileSync(join(folder, 'symbols.dat'), 'A\n');
    process.chdir(folder);
    try {
      expect(await complaint(folder, () => openItems('symbols.dat', {}))).toMatch(/^symbols\.dat: .*\.dat.*\.txt \.csv \.json/);
      expect(await itemsOf('other.dat')).toEqual(['other.dat']);
    } finally {
      process.chdir(here);
    }
  });
});

describe('a range', () => {
  test.each([
    ['0:4620', 0, 4620],
    ['5:6', 5, 6],
    ['-3:2', -3, 2],
  ])('%s', (spec, start, end) => expect(openItems(spec, {})).toEqual({ kind: 'range', start, end }));

  test.each(['0:0', '10:5', '3:', ':3', '0:1:2', '0:1.5', '0:99999999999999999999', '0 : 3', ':'])('%s is refused', async (spec) => {
    expect(await complaint(folder, () => openItems(spec, {}))).toContain('0:4620');
  });
});

describe('a text', () => {
  test('one item a line; blank lines, CRLF, a byte order mark and a missing last line feed', async () => {
    const file = fileWith(folder, '\uFEFFAAPL\r\n\n  \r\n MSFT \nÄÖ€😀', '.txt');
    expect(await itemsOf(file)).toEqual(['AAPL', ' MSFT ', 'ÄÖ€😀']);
  });

  test('knows the line of each item', async () => {
    expect(await linesOf(fileWith(folder, 'a\n\nb\n', '.TXT'))).toEqual([1, 3]);
  });

  test('stdin is one, however it is cut into chunks', async () => {
    const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/[\n\r\uFEFF]|[\ud800-\udfff]/gu, ''));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 7 }), async (lines, size) => {
        const items = await itemsOf('-', chunksOf(Buffer.from(lines.join('\n')), size));
        expect(items).toEqual(lines.filter((text) => text.trim() !== ''));
      }),
    );
  });

  test('a byte order mark is one at the very start only', async () => {
    expect(await itemsOf('-', chunksOf(Buffer.from('\uFEFFa\n\uFEFFb\n'), 5))).toEqual(['a', '\uFEFFb']);
  });

  test('- without stdin', async () => {
    expect(await complaint(folder, () => openItems('-', {}))).toContain('stdin');
  });

  test('bytes that are not UTF-8 are refused, with their line', async () => {
    const file = fileWith(folder, Buffer.from([0x61, 10, 0xc3, 0xa4, 10, 10, 0xe4, 10, 0x62, 10]), '.txt');
    expect(await complaint(folder, () => itemsOf(file))).toMatch(/^items-\d+\.txt:4: .*UTF-8/);
    const late = fileWith(folder, Buffer.concat([Buffer.from('äöü 12345\n'.repeat(100_000)), Buffer.from([0xff])]), '.txt');
    expect(await complaint(folder, () => itemsOf(late))).toMatch(/^items-\d+\.txt:100001: .*UTF-8/);
  });

  test('UTF-16, as an editor may save it, is refused', async () => {
    expect(await complaint(folder, () => itemsOf(fileWith(folder, Buffer.from('\uFEFFAAPL\n', 'utf16le'), '.txt')))).toContain('UTF-8');
  });

  test('lines are whole across the chunks of a file', async () => {
    const lines = Array.from({ length: 40_000 }, (_, at) => `€${'😀'.repeat(at % 40)}${at}`);
    expect(await itemsOf(fileWith(folder, lines.join('\n'), '.txt'))).toEqual(lines);
  });
});

describe('a file that cannot be used', () => {
  test.each(['missing.csv', 'missing.txt', 'a.json,b.json'])('%s is missing', async (name) => {
    expect(await complaint(folder, () => openItems(join(folder, name), {}))).toBe(
      `${name}: there is no such file: mend the path after --items, or make the file`,
    );
  });

  test('one below a file', async () => {
    const file = fileWith(folder, 'A', '.txt');
    expect(await complaint(folder, () => openItems(`${file}/b.txt`, {}))).toContain('there is no such file');
  });

  test.each(['folder', 'folder.csv'])('a folder named %s', async (name) => {
    mkdirSync(join(folder, name));
    expect(await complaint(folder, () => openItems(join(folder, name), {}))).toContain(`${name}: is a folder`);
  });

  test.each(['data/symbols', 'data/symbols.dat', './x.csv.gz', 'BTC/USD,ETH/USD'])('%s is of an unknown kind', async (spec) => {
    expect(await complaint(folder, () => openItems(spec, {}))).toMatch(/\.txt \.csv \.json \.jsonl \.ndjson \.parquet \.xlsx; or pipe/);
  });

  test('one that may not be read', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'root may read everything');
    const file = fileWith(folder, 'A\n', '.txt');
    chmodSync(file, 0o000);
    expect(await complaint(folder, () => itemsOf(file))).toContain('cannot be read');
  });
});
