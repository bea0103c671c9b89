import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Commits, type Commit } from '../../src/core/commits.ts';
import type { Receipt } from '../../src/core/events.ts';
import { countSpans, IntervalSet, type Span } from '../../src/core/intervals.ts';

const uint32 = fc.nat(0xffff_ffff);
const spans = fc
  .array(fc.tuple(fc.nat(10_000_000), fc.integer({ min: 1, max: 300 })), { maxLength: 4 })
  .map((pairs) => new IntervalSet(pairs.map(([start, length]): Span => [start, start + length])).spans());
const commit = fc
  .record({
    plan: fc.nat(1000),
    shard: fc.nat(1_000_000),
    batch: fc.nat(1_000_000),
    attempt: fc.integer({ min: 1, max: 10_000 }),
    spans,
    rows: fc.nat(Number.MAX_SAFE_INTEGER),
    bytes: fc.nat(Number.MAX_SAFE_INTEGER),
    crc32: uint32,
    layout: fc.constantFrom('plain' as const, 'scattered' as const),
    ledgerBytes: fc.nat(Number.MAX_SAFE_INTEGER),
    ledgerCrc32: uint32,
  })
  .map((fields): Commit => ({ ...fields, items: countSpans(fields.spans) }));

const receiptOf = ({ items, rows, bytes, crc32, layout, ledgerBytes, ledgerCrc32 }: Commit): Receipt => {
  return { items, rows, bytes, crc32, layout, ledgerLines: items, ledgerBytes, ledgerCrc32, failed: [], itemMs: 0 };
};

describe('commits', () => {
  test('are given back as they were added, however many there are', () => {
    fc.assert(
      fc.property(fc.array(commit, { maxLength: 300, size: 'max' }), (all) => {
        const commits = new Commits();
        const numbers = all.map((one) => commits.add(one.plan, one, one.spans, receiptOf(one)));
        expect(numbers).toEqual(all.map((_, number) => number));
        expect(commits.count).toBe(all.length);
        for (const [number, one] of all.entries()) expect(commits.get(number)).toEqual(one);
      }),
      { numRuns: 50 },
    );
  });

  test('a million of them stay under 200 MB', () => {
    const before = process.memoryUsage().arrayBuffers;
    const commits = new Commits();
    const receipt = receiptOf({
      plan: 0,
      shard: 0,
      batch: 0,
      attempt: 1,
      spans: [],
      items: 10,
      rows: 10,
      bytes: 99,
      crc32: 7,
      layout: 'plain',
      ledgerBytes: 5,
      ledgerCrc32: 3,
    });
    for (let batch = 0; batch < 1_000_000; batch++)
      commits.add(0, { shard: 1, batch, attempt: 1 }, [[batch * 10, batch * 10 + 10]], receipt);
    expect(commits.get(999_999).spans).toEqual([[9_999_990, 10_000_000]]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(350e6);
  });
});
