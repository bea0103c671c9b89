import { appendFileSync, closeSync, copyFileSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { offsetsFile } from '../../src/input/frozen.ts';
import { LineReader } from '../../src/input/line-reader.ts';
import { type ItemReader, openFrozen, openItemsReader, rangeReader } from '../../src/input/reader.ts';
import { complaint, frozen, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
const COUNT = 1500;
/** Short and long lines, multi-byte characters at every offset within a chunk. */
const itemAt = (at: number): string => `${at}-${'😀é€a'.repeat(at % 97)}${at % 300 === 299 ? 'x'.repeat(200_000) : ''}`;
let reader: ItemReader;
let file: string;

beforeAll(async () => {
  ({ file } = await frozen(
    folder,
    Array.from({ length: COUNT }, (_, at) => ({ text: itemAt(at) })),
    (item) => (item as { text: string }).text.slice(0, 50),
  ));
  reader = openFrozen(file);
});
afterAll(() => reader.close());

const position = fc.nat(COUNT);
const span = fc.tuple(position, position).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const shortSpan = fc.tuple(fc.nat(COUNT - 9), fc.nat(9)).map(([start, length]) => [start, start + length] as const);

describe.each(['file', 'range'])('a %s', (kind) => {
  const open = (): ItemReader => (kind === 'file' ? reader : openItemsReader({ start: -7, end: COUNT - 7 }));
  const keyAt = (at: number): string => (kind === 'file' ? itemAt(at).slice(0, 50) : String(at - 7));

  test('reads any spans in any order', () => {
    fc.assert(
      fc.property(fc.oneof(fc.array(shortSpan), fc.array(span, { maxLength: 3 })), (spans) => {
        const indexes = spans.flatMap(([start, end]) => Array.from({ length: end - start }, (_, at) => start + at));
        const read = [...open().read(spans)];
        expect(read.map(({ index }) => index)).toEqual(indexes);
        for (const { index, key, item } of read) {
          expect(key).toBe(keyAt(index));
          expect(item).toEqual(kind === 'file' ? { text: itemAt(index) } : key);
        }
        expect(Array.from(open().readKeys(spans), ({ index, key }) => [index, key])).toEqual(indexes.map((index) => [index, keyAt(index)]));
      }),
      { numRuns: 50 },
    );
  });

  test('finds the key at any position', () => {
    expect(open().count).toBe(COUNT);
    for (let at = 0; at < COUNT; at += 7) expect(open().keyAt(at)).toBe(keyAt(at));
    expect(open().keyAt(COUNT - 1)).toBe(keyAt(COUNT - 1));
  });

  test('readings do not disturb each other', () => {
    const [front, back] = [open().read([[0, COUNT]]), open().readKeys([[700, COUNT]])];
    for (let at = 0; at < 800; at++) {
      const item = front.next().value;
      expect(item?.key).toBe(keyAt(at));
      expect(back.next().value?.key).toBe(keyAt(at + 700));
      if (at % 100 === 0) expect(open().keyAt(at)).toBe(keyAt(at));
    }
  });

  test.each([
    [-1, 1],
    [0, COUNT + 1],
    [5, 4],
    [Number.NaN, 1],
  ])('[%d, %d) is outside', (start, end) => expect(() => [...open().read([[start, end]])]).toThrow(RangeError));

  test('no key is outside', () => {
    expect(() => open().keyAt(COUNT)).toThrow(RangeError);
    expect(() => open().keyAt(-1)).toThrow(RangeError);
  });
});

test('a line longer than any buffer, between short ones', async () => {
  const items = ['a', `${'é'.repeat(3_000_000)}"`, 'b'];
  const long = openFrozen((await frozen(folder, items)).file);
  expect(Array.from(long.read([[0, 3]]), ({ item }) => item)).toEqual(items);
  expect(long.keyAt(2)).toBe('b');
  long.close();
});

test('an item that only looks like its key is not taken for it', async () => {
  const items = [[1], 22, '3', { 4: 4 }, ' 5', '66', 15];
  let at = 0;
  const keys = ['1', '2', '3', '4', '5', '6', ':1yz'];
  const some = openFrozen((await frozen(folder, items, () => keys[at++])).file);
  expect(Array.from(some.read([[0, 7]]), ({ key, item }) => [key, item])).toEqual(keys.map((key, index) => [key, items[index]]));
  some.close();
});

test('a line without line feed at the end is none, whatever the buffer held before', () => {
  const path = join(folder, 'lines');
  writeFileSync(path, 'aa\n\nb\nc');
  const descriptor = openSync(path, 'r');
  const lines = new LineReader(descriptor);
  const line = (): string | undefined => (lines.next() ? lines.buffer.toString('utf8', lines.start, lines.end) : undefined);
  expect([line(), line(), line(), line(), line()]).toEqual(['aa', '', 'b', undefined, undefined]);
  lines.seek(4);
  expect([line(), line()]).toEqual(['b', undefined]);
  lines.seek(6);
  expect(line()).toBeUndefined();
  closeSync(descriptor);
});

test('lists around the stride of the offsets', async () => {
  for (const count of [1, 255, 256, 257, 512, 513]) {
    const items = Array.from({ length: count }, (_, at) => `k${at}`);
    const some = openFrozen((await frozen(folder, items)).file);
    expect(Array.from(some.readKeys(), ({ key }) => key)).toEqual(items);
    expect(some.keyAt(count - 1)).toBe(`k${count - 1}`);
    some.close();
  }
});

test('rangeReader goes up to the largest safe integer', () => {
  const end = Number.MAX_SAFE_INTEGER;
  expect(rangeReader(0, end).keyAt(end - 1)).toBe('9007199254740990');
});

const damage = (change: (copy: string) => void): Promise<string> =>
  complaint(folder, () => {
    const copy = join(folder, 'copy');
    copyFileSync(file, copy);
    copyFileSync(offsetsFile(file), offsetsFile(copy));
    change(copy);
    openFrozen(copy).close();
  });

describe('refuses', () => {
  test('a file that was cut off or has grown', async () => {
    const { length } = readFileSync(file);
    expect(await damage((copy) => truncateSync(copy, length - 10))).toBe(
      `copy: the frozen items are damaged: ${length - 10} bytes instead of ${length}: restore the run folder, or start a new run`,
    );
    expect(await damage((copy) => appendFileSync(copy, 'x'))).toContain(`${length + 1} bytes`);
  });

  test('missing and foreign offsets', async () => {
    expect(await damage((copy) => rmSync(offsetsFile(copy)))).toContain('ENOENT');
    expect(await damage((copy) => rmSync(copy))).toContain('ENOENT');
    expect(await damage((copy) => truncateSync(offsetsFile(copy), 8))).toContain('copy.offsets: the frozen items are damaged');
    expect(await damage((copy) => writeFileSync(offsetsFile(copy), Buffer.alloc(100)))).toContain('not an index');
  });

  test('lines that were changed', async () => {
    const copy = join(folder, 'changed');
    copyFileSync(offsetsFile(file), offsetsFile(copy));
    const bytes = readFileSync(file);
    bytes.write('[', bytes.indexOf(10) + 1);
    writeFileSync(copy, bytes);
    const changed = openFrozen(copy);
    expect(await complaint(folder, () => [...changed.read([[0, 3]])])).toContain('item 1');
    changed.close();
    bytes.fill(0x20, bytes.indexOf(10) + 1);
    writeFileSync(copy, bytes);
    const blank = openFrozen(copy);
    expect(await complaint(folder, () => [...blank.readKeys([[0, 3]])])).toContain('it ends before item 1');
    blank.close();
  });
});
