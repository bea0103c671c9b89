import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { Calibration } from '../../src/core/calibration.ts';
import { exitOf, Place } from './support.ts';
import { csvOf, executed, WORKER } from './workers.ts';

/** A dozen commands each, one after the other. */
vi.setConfig({ testTimeout: 240_000 });

const items = Array.from({ length: 24 }, (_, n) => `i${String(n).padStart(2, '0')}`);
const options = ['w.mjs', '--items', items.join(','), '-p', '2', '--shards', '3', '--batch-size', '6', '-o', 'out.csv'];

test('what was measured counts as done: run goes on with it, and nothing is done twice', async () => {
  const place = new Place({ 'w.mjs': WORKER });
  const { code, stdout, stderr } = await place.shardyard('plan', ...options, '--calibrate', '12', '--json', '--progress', 'none');
  expect([code, stderr]).toEqual([0, '']);
  // Printed by the command itself.
  const found = JSON.parse(stdout) as Calibration;
  expect(found).toMatchObject({ items: 24, measured: 12, failed: 0, rowsPerItem: 2, planned: { processes: 2, batchSize: 6 } });
  const { itemMs, memory, childStartMs, machine, output, next } = found;
  expect(itemMs?.p50).toBeGreaterThan(0);
  expect(itemMs?.max).toBeGreaterThanOrEqual(itemMs?.p95 ?? Infinity);
  expect(memory?.start).toBeGreaterThan(10e6);
  expect(memory?.peak).toBeGreaterThanOrEqual(memory?.start ?? Infinity);
  expect(childStartMs).toBeGreaterThan(0);
  expect(machine.cores).toBeGreaterThan(0);
  expect(output?.rows).toBe(48);
  expect(next?.planned).toContain(`resume ${found.run}`);
  const first = executed(place);
  expect(new Set(first).size).toBe(12);
  // Spread over the list: half of the items, and no quarter of it without.
  expect([0, 6, 12, 18].every((from) => items.slice(from, from + 6).some((item) => first.includes(item)))).toBe(true);
  expect(JSON.parse((await place.shardyard('status', '--json')).stdout)).toMatchObject({
    state: 'stopped',
    items: { done: 12, waiting: 12 },
  });

  // Another list is another run; the same one is this run, whether it is named or not.
  expect(await place.shardyard('run', 'w.mjs', '--items', 'x,y', '--name', 'other', '--progress', 'none')).toMatchObject({ code: 0 });
  executed(place);
  expect(await place.shardyard('run', ...options, '--name', found.run, '--progress', 'none')).toMatchObject({ code: 0 });
  expect([...first, ...executed(place)].toSorted()).toEqual(items);
  expect(place.read('out.csv')).toBe(csvOf(items));
  // It has been started now.
  const again = await place.shardyard('run', ...options, '--name', found.run);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('there is a run')]);
});

test('a measuring that was killed is gone on with by the same run, without a name', async () => {
  const slow = items.map((item) => `slow-${item}`);
  const place = new Place({ 'w.mjs': WORKER });
  const given = options.with(2, slow.join(','));
  const session = place.start('plan', ...given, '--calibrate', '3', '--name', 'r');
  const ended = exitOf(session);
  while (place.lines('executed.txt').length === 0) await sleep(5);
  session.kill('SIGKILL');
  await ended;
  await place.childrenGone();
  for (const item of slow) place.write(`go-${item}`);
  expect(await place.shardyard('run', ...given, '--progress', 'none')).toMatchObject({ code: 0 });
  expect(place.events('opened').map(({ mode }) => mode)).toEqual(['plan', 'resume']);
  expect(place.read('out.csv')).toBe(csvOf(slow));
  // Only what was in flight is begun again.
  expect(executed(place)).toHaveLength(25);
});

test('says it to people, with failed items and with nothing left to do', async () => {
  const place = new Place({ 'w.mjs': WORKER, 'bad.txt': 'b' });
  const given = ['w.mjs', '--items', 'a,b,c', '--retries', '0', '--name', 'r', '-o', 'out.csv', '--progress', 'none'];
  const { code, stdout, stderr } = await place.shardyard('plan', ...given, '--calibrate', '100');
  expect(code).toBe(1);
  for (const text of [
    '2 of 3 items done and measured, 1 failed',
    'Time per item p50',
    'Memory',
    'This machine',
    'As planned',
    'Suggested',
    '6 rows',
  ])
    expect(stdout).toContain(text);
  expect(stderr).toContain('b is bad');
  // All of it has been done, so it is merged like any other.
  expect(place.read('out.csv')).toBe(csvOf(['a', 'c']));
  expect(stdout).not.toContain('resume');
});
