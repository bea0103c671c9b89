import { expect, test } from 'vitest';
import type { Status } from '../../src/core/report.ts';
import { until } from '../crash/support.ts';
import { exitOf, Place } from './support.ts';

test('a shard that finishes nothing any more gives the alarm once, says what each child is doing, and takes it back', async () => {
  // One is held with a loop that turns, one with a loop that is blocked.
  const worker = `
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export default { columns: ['item'], async process(item, { log }) {
  await sleep(10);
  if (item === '40') { log('waiting for', item); while (!existsSync('go')) await sleep(5); }
  if (item === '90') { log('computing', item); while (!existsSync('go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20); }
  return { item };
} };
`;
  const place = new Place({ 'w.mjs': worker });
  const run = place.start('run', 'w.mjs', '--items', '0:100', '-p', '2', '--batch-size', '50', '--name', 'r', '-o', 'out.csv');
  await until('both give the alarm', () => place.events('alarmed').length === 2);
  const { stdout } = await place.shardyard('status', '--json');
  const { alarms } = JSON.parse(stdout) as Status;
  expect(alarms.map(({ shard }) => shard).toSorted()).toEqual([0, 1]);
  for (const { quietMs, p99Ms, doing } of alarms) {
    expect(quietMs).toBeGreaterThan(Math.max(5000, 5 * p99Ms));
    expect(doing.flatMap(({ items }) => items.map(({ key }) => key)).toSorted()).toEqual(['40', '90']);
    expect(doing.map(({ lines }) => lines.at(-1)).toSorted()).toEqual(['computing 90', 'waiting for 40']);
    expect(Math.max(...doing.flatMap(({ items }) => items.map(({ ms }) => ms)))).toBeGreaterThan(4000);
  }
  const text = (await place.shardyard('status')).stdout;
  expect(text).toContain('alarm: shard 0 has finished nothing for');
  expect(text).toMatch(/shard 1 batch 0: \d+\/50 items, .*event loop blocked for .*, in flight 90 for/);
  place.write('go');
  expect(await exitOf(run)).toBe(0);
  expect(
    place
      .events('alarmed', 'calmed')
      .filter(({ shard }) => shard === 0)
      .map(({ type }) => type),
  ).toContain('alarmed');
  expect(place.events('alarmed')).toHaveLength(2);
});
