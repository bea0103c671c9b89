import { expect, test } from 'vitest';
import { calibrate, type Machine, type MeasuredItem } from '../../src/core/calibration.ts';
import type { Usage } from '../../src/core/events.ts';
import { samplePositions } from '../../src/core/sample.ts';
import { slope } from '../../src/core/slope.ts';

const MB = 1e6;
const machine: Machine = { cores: 4, cpuQuota: null, memoryLimit: null, memoryAvailable: 10_000 * MB };
const planned = { processes: 1, concurrency: 1, batchSize: 10 };

/** Twenty items of `ms` in one child, of which `cpu` computes and `busy` blocks the event loop. */
function measured({
  ms = 1000,
  cpu = 1,
  busy = cpu,
  growth = 0,
  peak = 100 * MB,
  ...more
}: Partial<{ ms: number; cpu: number; busy: number; growth: number; peak: number; machine: Machine; left: number }>): ReturnType<
  typeof calibrate
> {
  const sample = Array.from({ length: 20 }, (): MeasuredItem => ({ ms, rows: 2, bytes: 50 }));
  const wallMs = 20 * ms;
  const usage: Usage = { startRss: 50 * MB, peakRss: peak, growth, wallMs, cpuMs: cpu * wallMs, busyMs: busy * wallMs };
  return calibrate({ items: 1020, left: 1000, failed: 0, sample, attempts: [usage], starts: [120, 100], machine, planned, ...more });
}

test('what computes gets a process a core, and the time that follows', () => {
  const { suggested, planned: asPlanned, output } = measured({});
  expect(suggested).toMatchObject({ processes: 4, concurrency: 1 });
  // 1,000 s of work over 4 cores, and starts.
  expect(suggested?.estimate?.ms).toBeGreaterThan(250_000);
  expect(suggested?.estimate?.ms).toBeLessThan(260_000);
  expect(asPlanned.estimate?.ms).toBeGreaterThan(1_000_000);
  expect(output).toEqual({ rows: 2040, bytes: 51_000 });
});

test('what waits goes beside others in one child, what blocks while it waits takes a process of its own', () => {
  const waiting = measured({ cpu: 0.02 }).suggested;
  expect(waiting?.concurrency).toBe(16);
  expect(waiting?.estimate?.ms).toBeLessThan(20_000);
  const blocking = measured({ cpu: 0.02, busy: 1 }).suggested;
  expect(blocking?.concurrency).toBe(1);
  expect(blocking?.processes).toBeGreaterThan(16);
});

test('never more children than there is memory for, nor a batch that outgrows its share of it', () => {
  const small = { ...machine, memoryAvailable: 500 * MB };
  expect(measured({ peak: 200 * MB, machine: small }).suggested?.processes).toBe(2);
  // 400 MB are given away, 50 of them to begin with; 1 MB an item.
  const { suggested } = measured({ peak: 390 * MB, growth: 20 * MB, machine: small });
  expect(suggested).toMatchObject({ processes: 1, batchSize: 17 });
});

test('quick items get larger batches than slow ones', () => {
  expect(measured({ ms: 5 }).suggested?.batchSize).toBeGreaterThan(measured({ ms: 5000 }).suggested?.batchSize ?? Infinity);
});

test('a suggestion is never slower than its alternatives with fewer processes', () => {
  for (const cpu of [0.01, 0.1, 0.3, 0.6, 1]) {
    for (const ms of [1, 50, 3000]) {
      const { suggested } = measured({ cpu, ms });
      const alone = calibrate({
        items: 1020,
        left: 1000,
        failed: 0,
        starts: [100],
        machine,
        sample: [{ ms, rows: 1, bytes: 1 }],
        attempts: [{ startRss: 1, peakRss: 1, growth: null, wallMs: ms, cpuMs: cpu * ms, busyMs: cpu * ms }],
        planned: { processes: 1, concurrency: suggested?.concurrency ?? 1, batchSize: suggested?.batchSize ?? 1 },
      });
      expect(suggested?.estimate?.ms).toBeLessThanOrEqual((alone.planned.estimate?.ms ?? 0) * 1.001);
    }
  }
});

test('percentiles are values that were measured; where nothing was, nothing is said', () => {
  const sample = Array.from({ length: 100 }, (_, n): MeasuredItem => ({ ms: 100 - n, rows: 0, bytes: 0 }));
  const usage: Usage = { startRss: 1, peakRss: 2, growth: null, wallMs: 5050, cpuMs: 5050, busyMs: 5050 };
  const some = { items: 200, left: 100, failed: 0, sample, attempts: [usage], starts: [], machine, planned };
  expect(calibrate(some)).toMatchObject({ itemMs: { p50: 50, p95: 95, max: 100 }, memory: { perItem: null }, childStartMs: null });
  const none = calibrate({ ...some, sample: [], attempts: [], failed: 3 });
  expect(none).toMatchObject({ failed: 3, itemMs: null, memory: null, suggested: null, output: null, planned: { estimate: null } });
});

test('a sample has one position of each equal piece of the list, and is the same every time', () => {
  const spans = samplePositions(1000, 10, 1);
  expect(spans.map(([start]) => Math.floor(start / 100))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(spans.every(([start, end]) => end === start + 1)).toBe(true);
  expect(samplePositions(1000, 10, 1)).toEqual(spans);
  expect(samplePositions(1000, 10, 2)).not.toEqual(spans);
  expect(samplePositions(3, 10, 1)).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
  ]);
  expect(samplePositions(0, 10, 1)).toEqual([]);
  expect(samplePositions(10, 0, 1)).toEqual([]);
});

test('a slope is that of the second half, never below 0, and unknown for a handful', () => {
  expect(slope([0, 900, 950, 1000, 1010, 1020, 1030, 1040])).toBeCloseTo(10);
  expect(slope([6, 5, 4, 3, 2, 1])).toBe(0);
  expect(slope([1, 2, 3, 4, 5])).toBeNull();
});
