import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IntervalSet, type Span } from '../../src/core/intervals.ts';
import { salvage, type LedgerLine } from '../../src/store/ledger.ts';
import type { PartTotals } from '../../src/core/events.ts';
import { PartWriter } from '../../src/store/part-writer.ts';
import { findFault } from '../../src/store/verify.ts';
import { newFolder } from './folder.ts';

const folder = newFolder();

/** What a child does with one item: rows in several pieces, then an end; it may have been thrown before. */
interface Item {
  readonly key: string;
  readonly rows: readonly string[];
  readonly flushes: readonly boolean[];
  readonly end: 'done' | 'failed' | 'again';
}

const row = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 80 }) },
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 80 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('x', 'é', '😀', '漢'), fc.integer({ min: 60, max: 400 }))
      .map(([text, count]) => text.repeat(count)),
  },
  // Longer than the buffer, in bytes or only when every character takes three.
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('x', 'é', '漢'), fc.integer({ min: 300_000, max: 1_200_000 }))
      .map(([text, count]) => text.repeat(count)),
  },
);
const item: fc.Arbitrary<Item> = fc.record({
  key: fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom('a\nb', 'ké"0', '\\', '\u2028', '\ud800', '')),
  rows: fc.array(
    row.map((text) => `${text.replaceAll('\n', ' ')}\n`),
    { maxLength: 5, size: 'max' },
  ),
  flushes: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  end: fc.constantFrom('done', 'done', 'done', 'done', 'failed', 'again'),
});
const items = fc.array(item, { maxLength: 14, size: 'max' });

/** The text of each finished item, in the order of the ledger. */
type Written = ReadonlyMap<number, { readonly text: string; readonly rows: number }>;

function write(
  all: readonly Item[],
  order: readonly number[],
): { files: { part: string; ledger: string }; totals: PartTotals; written: Written } {
  const files = { part: folder.name('.csv'), ledger: folder.name('.ledger.ndjson') };
  const writer = new PartWriter(files);
  const written = new Map<number, { text: string; rows: number }>();
  for (const index of order) {
    const { key, rows, flushes, end } = all[index] ?? { key: '', rows: [], flushes: [], end: 'done' };
    writer.note(index, key, 'started', ',"at":1');
    for (const [at, text] of rows.entries()) {
      writer.append(text);
      if (flushes[at]) writer.flush();
    }
    if (end !== 'done') {
      writer.discard();
      writer.note(index, key, end === 'failed' ? 'failed' : 'tried', end === 'failed' ? ',"tries":3,"cause":"error","message":"no"' : '');
    }
    if (end === 'again') for (const text of rows) writer.append(text);
    if (end !== 'failed') {
      writer.done(index, key, rows.length, 0.123 * index);
      written.set(index, { text: rows.join(''), rows: rows.length });
    }
    if (flushes[5]) writer.flush();
  }
  return { files, totals: writer.finish(), written };
}

const orderOf = (count: number, seed: number): number[] => {
  const order = [...Array(count).keys()];
  // A few neighbours change places, as with items that end in another order than they began.
  for (let at = 0; at + 1 < count; at++) if ((seed >> (at % 16)) & 1) [order[at], order[at + 1]] = [order[at + 1] ?? 0, order[at] ?? 0];
  return order;
};

const linesOf = (ledger: string): LedgerLine[] =>
  readFileSync(ledger, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LedgerLine);
const bytesOf = (written: Written): Buffer => Buffer.from([...written.values()].map(({ text }) => text).join(''));

describe('a part and its ledger', () => {
  test('hold what was written, and what the writer says of them is what is found', async () => {
    await fc.assert(
      fc.asyncProperty(items, fc.constantFrom(0, 0, 0b1001_0110), async (all, seed) => {
        const { files, totals, written } = write(all, orderOf(all.length, seed));
        const part = readFileSync(files.part);
        for (const line of linesOf(files.ledger)) {
          if (line.status !== 'done') continue;
          const { text, rows } = written.get(line.index) ?? { text: 'nothing', rows: -1 };
          const bytes = part.subarray(line.start, line.end);
          expect(bytes.equals(Buffer.from(text)), `the rows of item ${line.index}`).toBe(true);
          expect(line.crc32).toBe(crc32(bytes));
          expect(line.rows).toBe(rows);
          expect(line.key).toBe(all[line.index]?.key);
        }
        const bytes = bytesOf(written);
        const ledger = readFileSync(files.ledger);
        expect(totals).toEqual({
          items: written.size,
          rows: [...written.values()].reduce((sum, { rows }) => sum + rows, 0),
          bytes: bytes.length,
          crc32: crc32(bytes),
          layout: totals.layout,
          ledgerLines: linesOf(files.ledger).length,
          ledgerBytes: ledger.length,
          ledgerCrc32: crc32(ledger),
        });
        if (totals.layout === 'plain') {
          expect(part.subarray(0, totals.bytes).equals(bytes)).toBe(true);
          const order = [...written.keys()];
          expect(order).toEqual(order.toSorted((a, b) => a - b));
        }
        const found = salvage(files);
        // A hole behind the last finished item, or with none, makes a difference to the writer only.
        expect(found).toMatchObject({ ...totals, layout: totals.layout === 'plain' ? 'plain' : expect.any(String) });
        expect(found.spans).toEqual(new IntervalSet([...written.keys()].map((index): Span => [index, index + 1])).spans());
        expect(found.inFlight).toEqual([]);
        expect(found.failed.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(
          [...all.keys()].filter((index) => all[index]?.end === 'failed'),
        );
        expect(await findFault(files, totals)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  test('items that end in order and fit into the buffer make a plain part, failed ones included', () => {
    const all = Array.from({ length: 50 }, (_, n): Item => ({
      key: `k${n}`,
      rows: ['a,b\n', 'c\n'],
      flushes: [false, false, false, false, false, n % 7 === 0],
      end: n % 5 ? 'done' : 'failed',
    }));
    expect(write(all, orderOf(50, 0)).totals).toMatchObject({ layout: 'plain', items: 40, rows: 80, bytes: 240 });
    expect(write(all, orderOf(50, 2)).totals.layout).toBe('scattered');
  });

  test('a plain part is looked at from its first to its last byte', async () => {
    const flushes = Array<boolean>(6).fill(false);
    const all = Array.from({ length: 20 }, (_, n): Item => ({ key: `k${n}`, rows: [`${n},ü\n`], flushes, end: 'done' }));
    const { files, totals } = write(all, orderOf(20, 0));
    const part = readFileSync(files.part);
    expect(totals).toMatchObject({ layout: 'plain', bytes: part.length });
    for (let at = 0; at < part.length; at++) {
      const damaged = Buffer.from(part);
      damaged[at] = (damaged[at] ?? 0) ^ 64;
      writeFileSync(files.part, damaged);
      expect(await findFault(files, totals)).toBe('the part does not have the checksum that the child claims');
    }
    writeFileSync(files.part, part.subarray(0, -1));
    expect(await findFault(files, totals)).toBe(`the part has ${part.length - 1} bytes, not ${part.length}`);
    // What nothing points at does no harm.
    writeFileSync(files.part, Buffer.concat([part, Buffer.from('rest')]));
    expect(await findFault(files, totals)).toBeUndefined();
  });

  test('a failed item whose rows had to be written already leaves a hole, which nothing points at', async () => {
    const big = 'y'.repeat(2_000_000);
    const flushes = Array<boolean>(6).fill(true);
    const all: Item[] = [
      { key: 'a', rows: ['a\n'], flushes, end: 'done' },
      { key: 'big', rows: [big, 'tail\n', big], flushes, end: 'failed' },
      { key: 'b', rows: ['b\n'], flushes, end: 'done' },
    ];
    const { files, totals } = write(all, [0, 1, 2]);
    expect(totals).toMatchObject({ layout: 'scattered', items: 2, bytes: 4, crc32: crc32('a\nb\n') });
    expect(statSync(files.part).size).toBeGreaterThan(2_000_000);
    expect(await findFault(files, totals)).toBeUndefined();
  });

  test('an item of 40 MB takes no 40 MB of memory', () => {
    const files = { part: folder.name('.csv'), ledger: folder.name('.ledger.ndjson') };
    const writer = new PartWriter(files);
    const line = `${'z'.repeat(99)}\n`;
    const before = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 400_000; n++) writer.append(line);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8e6);
    writer.done(0, 'k', 400_000, 1);
    expect(writer.finish()).toMatchObject({ items: 1, rows: 400_000, bytes: 40_000_000, layout: 'plain' });
    expect(statSync(files.part).size).toBe(40_000_000);
    expect(salvage(files).bytes).toBe(40_000_000);
  });

  test('an attempt never writes where another one has', () => {
    const files = { part: folder.name('.csv'), ledger: folder.name('.ledger.ndjson') };
    new PartWriter(files).finish();
    expect(() => new PartWriter(files)).toThrow(/EEXIST/);
    expect(() => new PartWriter({ ...files, part: folder.name('.csv') })).toThrow(/EEXIST/);
  });
});
