import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchAt, batchesOf, defaultBatchSize, shardAt, slices } from '../../src/core/slices.ts';

const sizes = (count: number, parts: number): number[] => slices(count, parts).map(([start, end]) => end - start);

describe('slices', () => {
  test('100 items over 8', () => {
    expect(sizes(100, 8)).toEqual([13, 13, 13, 13, 12, 12, 12, 12]);
  });

  test('more shards than items: the empty ones do not exist', () => {
    expect(slices(3, 8)).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(slices(0, 8)).toEqual([]);
  });

  test('are contiguous, differ by at most one, larger ones first', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: 1, max: 200 }), (count, parts) => {
        const found = slices(count, parts);
        expect(found).toHaveLength(Math.min(count, parts));
        let at = 0;
        for (const [start, end] of found) {
          expect(start).toBe(at);
          expect(end).toBeGreaterThan(start);
          at = end;
        }
        expect(at).toBe(count);
        const all = sizes(count, parts);
        expect(all).toEqual(all.toSorted((a, b) => b - a));
        expect((all[0] ?? 0) - (all.at(-1) ?? 0)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('every position has one shard and one batch, and these are where it lies', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 30 }),
        (count, parts, batchSize) => {
          const shards = slices(count, parts);
          for (let position = 0; position < count; position++) {
            const shard = shardAt(shards, position);
            expect(shard).toBe(shards.findIndex(([start, end]) => position >= start && position < end));
            const bounds = shards[shard] ?? [0, 0];
            const batch = batchAt(bounds, batchSize, position);
            expect(position).toBeGreaterThanOrEqual(bounds[0] + batch * batchSize);
            expect(position).toBeLessThan(bounds[0] + (batch + 1) * batchSize);
            expect(batch).toBeLessThan(batchesOf(bounds, batchSize));
          }
        },
      ),
    );
  });

  test.each([
    [4620, 10, 29],
    [100_000, 2, 200],
    [100, 8, 1],
    [3, 8, 1],
    [0, 4, 1],
    [6400, 2, 200],
    [6401, 2, 200],
    [6368, 2, 199],
  ])('the batch size of %i items over %i shards is %i: a sixteenth of a slice, at most 200', (count, shards, expected) => {
    expect(defaultBatchSize(count, shards)).toBe(expected);
  });
});
