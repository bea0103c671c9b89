import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Governor } from '../../src/services/governor.ts';
import { createClient } from 'redis';
import { shareOver } from '../../src/services/redis-budget.ts';
import { TAKE } from '../../src/services/redis-scripts.ts';
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
    governorOf(
      { default: spec(['100/s']), polite: spec([], { minDelay: 30 }), model: spec(['600000tokens/min']) },
      { shared: await shareOver(address, (message) => warnings.push(message)) },
    );
  const [one, two] = [await parent(), await parent()];
  const children = [new LocalChild(1, one, fired), new LocalChild(2, one, fired), new LocalChild(1, two, fired)];
  for (const child of children) child.work(12, 2);
  const [polite, model]: [number[], number[]] = [[], []];
  const others = [one, two].flatMap((governor) => [
    { child: new LocalChild(5, governor, polite), cost: { budget: 'polite' } },
    { child: new LocalChild(6, governor, model), cost: { budget: 'model', tokens: 500 } },
  ]);
  for (const { child, cost } of others) child.work(2, 1, cost);
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
  permit.settle({ status: 429, retryAfterMs: 3000 });
  const answered = Math.max(...fired);
  await until(() => fired.some((at) => at > answered + 3000));
  expect(fired.filter((at) => at > answered + 1500 && at < answered + 2990)).toEqual([]);
  expect(mostIn(fired, 1000)).toBeLessThanOrEqual(100);
  await until(() => polite.length > 20 && model.length > 20);
  expect(mostIn(polite, 30)).toBe(1);
  // 10 tokens a millisecond: 50 ms each.
  expect(mostIn(model, 1000)).toBeLessThanOrEqual(22);
  for (const child of [...children, ...others.map((other) => other.child)]) child.stop();
  await Promise.all([one.close(), two.close()]);
});

test.skipIf(!isThere)('a clock of the Redis machine that jumps by an hour, forward or back, moves nothing', async () => {
  const server = await start();
  const client = createClient({ socket: { path: join(folder, 'r.sock'), tls: false } });
  await client.connect();
  const keys = ['log', 'pending', 'state', 'tokens'];
  const take = async (raw: string, skew: string, since: number): Promise<string[]> => {
    const args = ['p', 0, raw === '' ? '' : 'g', 'g', 50, 10, 0, raw, skew, since, 1, 'request', 100, 1000];
    // What the script gives is a list of texts.
    return (await client.eval(TAKE, { keys, arguments: args.map(String) })) as string[];
  };
  const [, , , , raw = '', skew = ''] = await take('', '', 0);
  for (const hour of [3_600_000, -3_600_000]) {
    // As if it had been another time of day when it was last asked.
    const [, now = '', , , then = '', corrected = ''] = await take(String(Number(raw) - hour), skew, 0);
    expect(Math.abs(Number(now) - (Number(then) - hour))).toBeLessThan(5000);
    // Whoever asks next knows of it already, or is told.
    const [, later = ''] = await take(String(Number(raw) - hour), 'another', 0);
    expect(Number(later) - Number(now)).toBeLessThan(5000);
    expect(Number(corrected)).toBeCloseTo(-hour, -4);
    await client.hSet('state', 'skew', skew);
  }
  client.destroy();
  server.kill('SIGKILL');
});
