import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Status } from '../../src/core/report.ts';
import { until } from '../crash/support.ts';
import { exitOf, Place } from './support.ts';

const ITEMS = 60;
const [MOST, DAY] = [30, 40];

/** A server that counts its calls, and says when there were so many. */
async function counting(onCall: (count: number) => void): Promise<{ url: string; calls: string[] }> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(request.url ?? '');
    onCall(calls.length);
    response.end(JSON.stringify({ path: request.url }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  // Listening on a port, not on a pipe.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, calls };
}

test('a parent that is killed in the middle never exceeds --max-calls nor the day; a day that is used up can be waited for or left, and says until when', async () => {
  const place = new Place();
  let parent: ReturnType<Place['start']> | undefined;
  const { url, calls } = await counting((count) => {
    if (count === 12 || count === 21) parent?.kill('SIGKILL');
  });
  place.write(
    'w.mjs',
    // Stopped while it waits for the day, an item is left as it is: its fallback is for calls that fail.
    `export default { columns: ['n', 'path'], process: async (n, { call }) => ({ n, ...(await call({ key: n, fallback: () => ({ path: 'made up' }) }, async ({ fetch }) => (await fetch(${JSON.stringify(url)} + n)).json())) }) };`,
  );
  const shape = ['--items', `0:${ITEMS}`, '-p', '2', '--concurrency', '2', '--batch-size', '10', '--spares', '0'];
  const session = async (...args: readonly string[]): Promise<number | null> => {
    parent = place.start(...args);
    return exitOf(parent);
  };
  expect(await session('run', 'w.mjs', ...shape, '--name', 'r', '-o', 'out.csv', '--rate', `${DAY}/day`, '--max-calls', `${MOST}`)).toBe(
    null,
  );
  // The second one is killed as well, unless what the first had reserved is so much that it does not get there.
  await session('resume', 'r');
  expect(await session('resume', 'r')).toBe(3);
  expect(calls.length).toBeGreaterThanOrEqual(12);
  expect(calls.length).toBeLessThanOrEqual(MOST);

  parent = place.start('resume', 'r', '--max-calls', '1000');
  let said = '';
  parent.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const interrupted = exitOf(parent);
  await until('the day is used up', () => place.events('warned').some(({ message }) => message.includes('24 hours: no call before')));
  expect(calls.length).toBeGreaterThan(MOST / 2);
  expect(calls.length).toBeLessThanOrEqual(DAY);
  const status = async (): Promise<Status> => JSON.parse((await place.shardyard('status', 'r', '--json')).stdout) as Status;
  const soon = Date.now() + 23 * 3_600_000;
  await expect.poll(async () => (await status()).budgets?.[0]?.freeAt, { timeout: 60_000 }).toBeGreaterThan(soon);
  expect((await place.shardyard('status', 'r')).stdout).toMatch(/40\/40 today.*no call before \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  parent.kill('SIGINT');
  expect(await interrupted).toBe(130);
  expect(said.replaceAll(/\s+/g, ' ')).toMatch(/used up: no call before \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  expect(place.report()).toMatchObject({ items: { failed: 0 }, budgets: [{ freeAt: expect.any(Number) }] });
  // Whether a child gets as far as asking before the deadline is not for the test to say.
  expect(await place.resume('--deadline', '1s', '--max-calls', '1000')).toMatchObject({ code: 3 });
  expect(place.report()).toMatchObject({ state: 'stopped', items: { failed: 0 } });
  expect(calls.length).toBeLessThanOrEqual(DAY);

  expect(await place.resume('--rate', '1000/day', '--max-calls', '1000')).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(`n,path\n${Array.from({ length: ITEMS }, (_, n) => `${n},/${n}\n`).join('')}`);
  expect(new Set(calls).size).toBe(ITEMS);
});
