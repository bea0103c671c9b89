import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { OwnTime } from '../support/own-time.ts';
import { Place } from './support.ts';

const ITEMS = 60;
const PAUSE = 2000;

/** When something was, on the clock and in the server's own time, which a machine that stands still does not count. */
interface Moment {
  readonly at: number;
  readonly own: number;
}

/** A server that notes when it was called, and answers its twentieth call with 429. */
async function serve(): Promise<{ readonly url: string; readonly calls: Moment[]; limited(): Moment }> {
  const calls: Moment[] = [];
  const time = new OwnTime();
  const looking = setInterval(() => time.look(), 10);
  const now = (): Moment => ({ at: performance.now(), own: time.look() });
  let limited = { at: Infinity, own: Infinity };
  const server = createServer((request, response) => {
    calls.push(now());
    if (calls.length === 20) response.writeHead(429, { 'Retry-After': String(PAUSE / 1000) }).end('slow down', () => (limited = now()));
    else response.end(JSON.stringify({ path: request.url }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    clearInterval(looking);
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`, calls, limited: () => limited };
}

const worker = (url: string, cost = {}): string => `
export default {
  columns: ['n', 'path'],
  process: async (n, { call }) => ({
    n,
    ...(await call({ key: n, cost: ${JSON.stringify(cost)}, fallback: () => ({ path: 'made up' }) }, async ({ fetch }) => (await fetch(${JSON.stringify(url)} + n)).json())),
  }),
};`;

test('calls of two children keep to one rate, a 429 pauses both, and a second run finds all of it in the cache', async () => {
  const { url, calls, limited } = await serve();
  const place = new Place({ 'w.mjs': worker(url), 'wrong.mjs': worker(url, { budget: 'gemni' }) });
  const how = ['--items', `0:${ITEMS}`, '-p', '2', '--concurrency', '4', '--rate', '50/s', '--headroom', '0%', '--batch-size', '30'];
  const first = await place.run(...how);
  expect(first.code, first.stderr).toBe(0);
  expect(place.lines('out.csv').toSorted()).toEqual(['n,path', ...Array.from({ length: ITEMS }, (_, n) => `${n},/${n}`)].toSorted());
  // The 429 costs a request, but no try.
  expect(calls).toHaveLength(ITEMS + 1);
  const { calls: stats, budgets } = place.report();
  expect(stats).toMatchObject({ calls: ITEMS + 1, misses: ITEMS, hits: 0, failed: { 429: 1 }, retries: 0, fallbacks: 0 });
  expect(stats?.waitedMs).toBeGreaterThan(PAUSE / 2);
  expect(budgets).toMatchObject([{ name: 'default', calls: ITEMS + 1, throttled: 1, rpmLimit: 3000 }]);
  expect(first.stderr).toMatch(/Calls +61 sent.*\n(.*\n)*? +failed with 429 1 ×\n(.*\n)*? +Budget +at most \d+\/3,000 RPM\n/);
  // What had left may come late, on a busy machine too; then there is nothing until the server wants to be called again.
  const since = calls.map(({ at, own }) => ({ ms: at - limited().at, own: own - limited().own }));
  expect(since.filter(({ ms, own }) => own > PAUSE / 2 && ms < PAUSE - 50)).toEqual([]);
  expect(since.some(({ ms }) => ms >= PAUSE - 50)).toBe(true);
  // However late single calls come, all of them take so long.
  expect((calls.at(-1)?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThan(((ITEMS - 50) / 50) * 1000);

  const second = await place.run(...how, '--name', 's', '-o', 'again.csv');
  expect([second.code, second.stderr]).toEqual([0, expect.stringMatching(/Calls +0 sent, 60 saved\n +Cache +60 hits/)]);
  expect(place.read('again.csv')).toBe(place.read('out.csv'));
  expect(calls).toHaveLength(ITEMS + 1);

  // So does who looks at one item; and a budget that nobody has declared is no reason for a fallback.
  const replayed = await place.shardyard('replay', 's', '7');
  expect([replayed.code, replayed.stdout]).toEqual([0, 'n,path\n7,/7\n']);
  const wrong = await place.shardyard('run', 'wrong.mjs', ...place.options(['--items', '70:71', '--name', 't', '-o', 'wrong.csv']));
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/there is no budget "gemni"/)]);
});
