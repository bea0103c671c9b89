import { appendFileSync, copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { IntervalSet, type Span } from '../../src/core/intervals.ts';
import { type LedgerLine, salvage } from '../../src/store/ledger.ts';
import type { PartTotals } from '../../src/core/events.ts';
import { PartWriter } from '../../src/store/part-writer.ts';
import { findFault } from '../../src/store/verify.ts';
import { newFolder } from './folder.ts';

const folder = newFolder();
const files = { part: folder.name('.csv'), ledger: folder.name('.ledger.ndjson') };
const copies = { part: folder.name('.csv'), ledger: folder.name('.ledger.ndjson') };
let totals: PartTotals;
let part: Buffer;
let ledger: Buffer;

/** Seven items: with and without rows, one that failed, one that threw first, in another order than that of the list. */
beforeAll(() => {
  const writer = new PartWriter(files);
  writer.marks('marked');
  for (const [index, rows] of [
    [3, ['a,1\n', 'ü,"😀"\n']],
    [4, ['b,2\n']],
    [6, []],
    [5, ['c,3\n', 'c,4\n', 'c,5\n']],
  ] as const) {
    writer.note(index, `k${index}`, 'started', ',"at":1000');
    for (const row of rows) writer.append(row);
    writer.done(index, `k${index}`, rows.length, 1.25);
    writer.flush();
  }
  writer.append('to be discarded');
  writer.discard();
  writer.note(7, 'k7', 'failed', ',"tries":1,"cause":"error","message":"no"');
  writer.note(8, 'k8', 'started', ',"at":2000');
  writer.note(8, 'k8', 'tried');
  writer.append('d,6\n');
  writer.done(8, 'k8', 1, 2);
  writer.note(9, 'k9', 'started', ',"at":3000');
  writer.marks('unmarked');
  totals = writer.finish();
  part = readFileSync(files.part);
  ledger = readFileSync(files.ledger);
});

/** What is to be kept of the first so many bytes of both files. */
function expected(ledgerBytes: number, partBytes: number): Record<string, unknown> {
  const kept: Buffer[] = [];
  const done: number[] = [];
  const failed: number[] = [];
  const inFlight = new Set<number>();
  let [lines, bytes, rows, exact] = [0, 0, 0, true];
  for (const text of ledger.subarray(0, ledgerBytes).toString().split('\n').slice(0, -1)) {
    const line = JSON.parse(text) as LedgerLine;
    if (line.status === 'done') {
      if (line.end > partBytes) break;
      kept.push(part.subarray(line.start, line.end));
      done.push(line.index);
      rows += line.rows;
      inFlight.delete(line.index);
    } else if (line.status === 'started') inFlight.add(line.index);
    else if ('index' in line) {
      inFlight.delete(line.index);
      if (line.status === 'failed') failed.push(line.index);
    } else exact = line.status === 'marked';
    lines++;
    bytes += Buffer.byteLength(text) + 1;
  }
  const all = Buffer.concat(kept);
  return {
    spans: new IntervalSet(done.map((index): Span => [index, index + 1])).spans(),
    items: done.length,
    rows,
    bytes: all.length,
    crc32: crc32(all),
    ledgerLines: lines,
    ledgerBytes: bytes,
    ledgerCrc32: crc32(ledger.subarray(0, bytes)),
    failed: failed.map((index) => expect.objectContaining({ index, tries: 1, message: 'no' })),
    inFlight: [...inFlight].map((index) => expect.objectContaining({ index, key: `k${index}` })),
    exact,
  };
}

function restore(): void {
  copyFileSync(files.part, copies.part);
  copyFileSync(files.ledger, copies.ledger);
}

describe('after a death, of an attempt is kept', () => {
  test('everything, when everything is there', async () => {
    expect(salvage(files)).toMatchObject({ ...expected(ledger.length, part.length), layout: 'scattered', items: totals.items });
    expect(totals.items).toBe(5);
    expect(await findFault(files, totals)).toBeUndefined();
  });

  test('wherever the ledger ends: what its whole lines say', async () => {
    restore();
    for (let length = ledger.length - 1; length >= 0; length--) {
      truncateSync(copies.ledger, length);
      expect(salvage(copies), `${length} bytes`).toMatchObject(expected(length, part.length));
      expect(await findFault(copies, totals)).toBe(`the ledger has ${length} bytes, not ${ledger.length}`);
    }
  });

  test('wherever the part ends: the items in front of the first that is not whole', async () => {
    restore();
    for (let length = part.length - 1; length >= 0; length--) {
      truncateSync(copies.part, length);
      expect(salvage(copies), `${length} bytes`).toMatchObject(expected(ledger.length, length));
      expect(await findFault(copies, totals)).toMatch(/^\d items verify, not 5$/);
    }
  });

  test('whatever byte of the part is wrong: the items in front of the first that it belongs to', async () => {
    const lines = ledger
      .toString()
      .split('\n')
      .slice(0, -1)
      .map((text) => JSON.parse(text) as LedgerLine);
    for (let at = 0; at < part.length; at++) {
      restore();
      const damaged = Buffer.from(part);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      writeFileSync(copies.part, damaged);
      const found = salvage(copies);
      const victim = lines.findIndex((line) => line.status === 'done' && at >= line.start && at < line.end);
      expect(found.ledgerLines).toBe(victim < 0 ? lines.length : victim);
      expect((await findFault(copies, totals)) === undefined).toBe(victim < 0);
    }
  });

  test('what is in front of a hole that a power cut has left', () => {
    for (const length of [0, 17, ledger.indexOf(10) + 1, ledger.length - 20]) {
      restore();
      truncateSync(copies.ledger, length);
      appendFileSync(copies.ledger, Buffer.alloc(4096));
      appendFileSync(copies.ledger, '\n{"status":"marked"}\n');
      expect(salvage(copies)).toMatchObject(expected(length, part.length));
    }
  });

  test.each([
    'nonsense',
    'null',
    '[]',
    '"done"',
    '{"index":1,"key":"k1"}',
    '{"index":1,"key":"k1","status":"done"}',
    '{"index":1,"key":"k1","status":"done","start":-4,"end":0,"rows":1,"ms":1,"crc32":0}',
    '{"index":1,"key":"k1","status":"done","start":4,"end":2,"rows":1,"ms":1,"crc32":0}',
    '{"index":1,"key":"k1","status":"done","start":0,"end":1e99,"rows":1,"ms":1,"crc32":0}',
    '{"index":1,"key":"k1","status":"done","start":0,"end":4,"rows":1,"ms":1,"crc32":0}',
  ])('nothing behind the line %s', (line) => {
    restore();
    writeFileSync(copies.ledger, `${line}\n${ledger.toString()}`);
    expect(salvage(copies)).toMatchObject({ items: 0, rows: 0, bytes: 0, spans: [], ledgerLines: 0 });
  });

  test('nothing, where one of the files never came to be', () => {
    restore();
    rmSync(copies.ledger);
    expect(salvage(copies).items).toBe(0);
    restore();
    // The power went out: the folder has the ledger's name and not the part's.
    rmSync(copies.part);
    expect(salvage(copies)).toMatchObject({ items: 0, spans: [], inFlight: [], exact: false });
  });
});

describe('what a child claims is not believed', () => {
  test.each<[string, Partial<PartTotals>]>([
    ['5 items verify, not 1', { items: 1 }],
    ['rows or bytes differ', { rows: 8 }],
    ['rows or bytes differ', { bytes: 1 }],
    ['checksum', { crc32: 1 }],
    ['lines, not 99', { ledgerLines: 99 }],
    ['ledger does not have the checksum', { ledgerCrc32: 1 }],
    ['bytes, not 1', { ledgerBytes: 1 }],
  ])('%s', async (fault, wrong) => {
    expect(await findFault(files, { ...totals, ...wrong })).toContain(fault);
  });
});
