import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Governor } from '../../src/services/governor.ts';
import { shareOver } from '../../src/services/redis-budget.ts';
import { governorOf, LocalChild, mostIn, spec, until } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardyard-redis-'));
const address = `unix:${join(folder, 'r.sock')}`;
const isThere = spawnSync('redis-server', ['--version']).status === 0;
if (!isThere) console.error('SKIPPED: the tests of shared budgets need redis-server (Debian: apt-get install redis-server)');
const servers: ChildProcess[] = [];
afterAll(() => {
  for (const server of servers) server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** An empty Redis on a socket of its own; settles when it listens. */
async function start(): Promise<ChildProcess> {
  const args = ['--port', '0', '--unixsocket', join(folder, 'r.sock'), '--save', '', '--appendonly', 'no', '--dir', folder];
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(server);
  let said = '';
  await new Promise<void>((resolve) => {
    server.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      if (/ready to accept/i.test(said)) resolve();
    });
  });
  return server;
}

test.skipIf(!isThere)('two parents share a budget: Redis down at first, restarted and empty in the middle, a pause for both', async () => {
  const fired: number[] = [];
  const warnings: string[] = [];
  const parent = async (): Promise<Governor> =>
    governorOf({ default: spec(['100/s']) }, { shared: await shareOver(address, (message) => warnings.push(message)) });
  const [one, two] = [await parent(), await parent()];
  const children = [new LocalChild(1, one, fired), new LocalChild(2, one, fired), new LocalChild(1, two, fired)];
  for (const child of children) child.work(12, 2);
  await until(() => warnings.length === 2);
  expect(warnings[0]).toContain('calls wait until it is back');
  expect(fired).toEqual([]);

  const first = await start();
  await until(() => fired.length > 120);
  expect(two.views()[0]?.totals.calls).toBeGreaterThan(10);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const before = fired.length;
  await start();
  await until(() => fired.length > before + 150);
  expect(mostIn(fired, 1000)).toBeLessThanOrEqual(100);

  const permit = await (children[0] as LocalChild).take();
  permit.settle({ status: 429, retryAfterMs: 800 });
  const answered = Math.max(...fired);
  await until(() => fired.some((at) => at > answered + 800));
  expect(fired.filter((at) => at > answered + 400 && at < answered + 790)).toEqual([]);
  expect(mostIn(fired, 1000)).toBeLessThanOrEqual(100);
  for (const child of children) child.stop();
  await Promise.all([one.close(), two.close()]);
});
