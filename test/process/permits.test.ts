import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import type { Status } from '../../src/core/report.ts';
import { Place } from './support.ts';

/** A server that notes its calls and answers the first one for item 50 with 429. */
async function counting(
  onCall: (count: number) => void = () => undefined,
): Promise<{ url: string; calls: { item: string; at: number }[] }> {
  const calls: { item: string; at: number }[] = [];
  const server = createServer((request, response) => {
    const item = (request.url ?? '').slice(1);
    calls.push({ item, at: performance.now() });
    onCall(calls.length);
    const isFirst = calls.filter((call) => call.item === item).length === 1;
    if (item === '50' && isFirst) response.writeHead(429, { 'Retry-After': '1' });
    response.end('ok');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`, calls };
}

const worker = (url: string, budgets: string): string => `
import { existsSync, writeFileSync } from 'node:fs';
export default {
  columns: ['n'],
  budgets: ${budgets},
  async process(n, ctx) {
    if (n === '30' && !existsSync('died')) {
      writeFileSync('died', '');
      await ctx.permit({ budget: 'api' });
      process.kill(process.pid, 'SIGKILL');
    }
    for (;;) {
      const permit = await ctx.permit({ budget: 'api' });
      const response = await fetch(${JSON.stringify(url)} + n, { signal: ctx.signal });
      permit.settle(response);
      await response.text();
      if (response.status !== 429) return { n };
    }
  },
};`;

test('children share the budget that the worker declares; a death and a 429 in the middle; status, report and summary tell', async () => {
  const place = new Place();
  let asked: Promise<{ stdout: string }> | undefined;
  const { url, calls } = await counting((count) => {
    if (count === 70) asked = place.shardyard('status', 'r', '--json');
  });
  place.write('w.mjs', worker(url, "{ api: { rate: ['50/s', '3000/min'] } }"));
  const ended = await place.run('--items', '0:200', '-p', '3', '--concurrency', '4', '--batch-size', '40');
  expect(ended.code, ended.stderr).toBe(0);
  expect(place.lines('out.csv')).toEqual(['n', ...Array.from({ length: 200 }, (_, n) => String(n))]);

  // 50/s at most: however late single calls come, all of them take so long.
  const took = (calls.at(-1)?.at ?? 0) - (calls[0]?.at ?? 0);
  expect(took).toBeGreaterThan(((calls.length - 51) / 50) * 1000);
  const { budgets } = place.report();
  expect(budgets).toMatchObject([{ name: 'api', rpmLimit: 3000, throttled: 1 }]);
  expect(budgets?.[0]?.calls).toBeGreaterThanOrEqual(calls.length);
  expect(budgets?.[0]?.waitedMs).toBeGreaterThan(0);
  expect(ended.stderr).toMatch(/api +2\d\d calls, at most [\d,]+\/3,000 RPM, waited .*429 × 1/);
  // The file of the running second is written every second: the run was seen, with its budget, or had not been yet.
  const status = JSON.parse((await asked)?.stdout ?? '{}') as Status;
  for (const view of status.budgets ?? []) expect(view).toMatchObject({ name: 'api', rpmLimit: 3000, light: expect.any(String) });
});

test('limits that would allow nothing, or make no sense, are refused before anything starts', async () => {
  const place = new Place();
  place.write('w.mjs', worker('http://127.0.0.1:9/', '{ api: { maxInFlight: 0 } }'));
  place.write('ok.mjs', worker('http://127.0.0.1:9/', '{ api: {} }'));
  place.write('shardyard.yaml', 'items: 0:3\nrates: [8/s, 0/min]\n');
  const [wrongWorker, wrongFile, negative, name] = await Promise.all([
    place.shardyard('run', 'w.mjs', '--rate', '8/s', '--name', 'a'),
    place.shardyard('run', 'ok.mjs', '--name', 'b'),
    place.shardyard('run', 'ok.mjs', '--rate=-5/s', '--name', 'c'),
    place.shardyard('run', 'ok.mjs', '--rate', '8/s', '--budget', 'gemini', '--name', 'd'),
  ]);
  expect(wrongWorker).toMatchObject({ code: 2, stderr: expect.stringContaining('`budgets.api.maxInFlight` is 0') });
  expect(wrongFile).toMatchObject({ code: 2, stderr: expect.stringContaining('shardyard.yaml:2:8: rates: "0/min" would allow nothing') });
  expect(negative).toMatchObject({ code: 2, stderr: expect.stringContaining('--rate: "-5/s" would allow nothing') });
  expect(name).toMatchObject({ code: 2, stderr: expect.stringContaining('--budget: "gemini" is not a budget: write NAME:LIMITS') });
  expect(Object.keys(place.everything()).toSorted()).toEqual(['ok.mjs', 'shardyard.yaml', 'w.mjs']);
});
