import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { until } from '../crash/support.ts';
import { anyRedis, hasRedis, startRedis } from '../support/redis.ts';
import { exitOf, Place } from './support.ts';

const CALLS = `export default { columns: ['n', 'twice'], process: async (n, { call }) => ({ n, twice: await call({ key: n }, () => 2 * n) }) };`;
const rows = (count: number): string => `n,twice\n${Array.from({ length: count }, (_, n) => `${n},${2 * n}\n`).join('')}`;

test.runIf(hasRedis)('the password of a cache is nowhere on disk; a resume is given it again, and without it says so', async () => {
  const { port } = await anyRedis('--requirepass', 'open-sesame');
  const place = new Place({ 'w.mjs': CALLS });
  const cache = (password: string): string => `redis://${password}127.0.0.1:${port}`;
  const shape = ['--items', '0:6', '--batch-size', '3'];
  const wrong = await place.run(...shape, '--cache', cache(':guess@'));
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/refuses us: WRONGPASS.*: give its URL with the password/)]);
  expect(Object.keys(place.everything())).toEqual(['w.mjs']);
  expect(await place.run(...shape, '--cache', cache(':open-sesame@'))).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(rows(6));
  expect(JSON.parse(place.read('data/runs/r/manifest.json'))).toMatchObject({ settings: { cache: cache('') } });
  const files = Object.entries(place.everything()).filter(([, content]) => content.includes('open-sesame'));
  expect(files.map(([name]) => name)).toEqual([]);

  const before = place.everything();
  for (const verb of ['resume', 'rerun'] as const) {
    const { code, stderr } = await place[verb]();
    expect([code, stderr]).toEqual([2, expect.stringMatching(/refuses us: NOAUTH.*SHARDYARD_CACHE.*--cache/)]);
    expect(stderr).not.toContain('open-sesame');
  }
  expect(place.everything()).toEqual(before);
  place.write('.env', `SHARDYARD_CACHE=${cache(':open-sesame@')}\n`);
  const again = await place.rerun('--shards', '0');
  expect([again.code, again.stderr]).toEqual([0, expect.stringMatching(/Calls +6 sent, 6 saved/)]);
  expect(await place.resume('--cache', 'off')).toMatchObject({ code: 0 });
});

test.runIf(hasRedis)('a Redis with the budget that is down at the start and in the middle: calls wait, and the run goes on', async () => {
  const { port, end } = await anyRedis();
  await end();
  const worker = `
import { appendFileSync } from 'node:fs';
export default { columns: ['n', 'twice'], process: async (n, { permit }) => {
  (await permit()).settle({ status: 200 });
  appendFileSync('called.txt', n + '\\n');
  return { n, twice: 2 * n };
} };`;
  const place = new Place({ 'w.mjs': worker });
  const budget = ['--budget', `redis://127.0.0.1:${port}`, '--rate', '20/s', '--concurrency', '4'];
  const run = place.start('run', 'w.mjs', '--items', '0:60', ...budget, '-p', '1', '--spares', '0', '--name', 'r', '-o', 'out.csv');
  const ended = exitOf(run);
  const warnings = (): string[] => place.events('warned').map(({ message }) => message);
  await until('it says that it waits', () => warnings().length === 1 && place.events('dispatched').length > 0);
  expect(warnings()[0]).toMatch(/redis:\/\/127\.0\.0\.1:\d+ cannot be reached \(.*\): calls wait until it is back/);
  expect(place.lines('called.txt')).toEqual([]);
  const stop = await startRedis(port);
  await until('some calls are made', () => place.lines('called.txt').length >= 10);
  await stop();
  await until('it says so again', () => warnings().length === 2);
  // What was granted may leave.
  await sleep(500);
  const made = place.lines('called.txt').length;
  await sleep(500);
  expect(place.lines('called.txt')).toHaveLength(made);
  await startRedis(port);
  expect(await ended).toBe(0);
  expect(place.read('out.csv')).toBe(rows(60));
});
