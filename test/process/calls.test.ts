import { createServer } from 'node:http';
import { appendFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { Status } from '../../src/core/report.ts';
import { commandsOf } from '../support/commands.ts';
import { exitOf, Place } from './support.ts';

/** A server that answers what it is asked about when it is let, and knows what it was asked. */
async function serve(place: Place): Promise<{ readonly asked: string[]; open(): void }> {
  const asked: string[] = [];
  const held: (() => void)[] = [];
  let isOpen = false;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    appendFileSync(join(place.cwd, 'asked.txt'), `${path}\n`);
    const answer = (): void => void response.setHeader('content-type', 'application/json').end(JSON.stringify({ path }));
    if (isOpen || !path.startsWith('/held')) answer();
    else held.push(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // Listening on a port, not on a pipe.
  place.write('url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    asked,
    open: () => {
      isOpen = true;
      for (const answer of held.splice(0)) answer();
    },
  };
}

const WORKER = `
import { appendFileSync, readFileSync } from 'node:fs';
const url = readFileSync('url', 'utf8');
const get = (path) => async ({ fetch, spend }) => {
  const value = await (await fetch(url + path)).json();
  spend({ tokens: 10, cost: 0.25 });
  return value;
};
`;

/** Everybody asks the same; whoever sends the request writes down who it is. */
const SAME = `${WORKER}
export default { columns: ['n', 'path'], process: async (n, ctx) => {
  const call = ctx.call({ key: 'all' }, (context) => {
    appendFileSync('owners.txt', process.pid + '\\n');
    return get('/held')(context);
  });
  appendFileSync('begun.txt', n + '\\n');
  return { n, path: (await call).path };
} };`;

const LONG = { timeout: 80_000, interval: 50 };

test('what 64 children ask at the same time goes out once', async () => {
  const place = new Place({ 'w.mjs': SAME });
  const server = await serve(place);
  const session = place.start('run', 'w.mjs', '--items', '0:64', '-p', '64', '--spares', '0', '--name', 'r', '-o', 'out.csv');
  const ended = exitOf(session);
  await expect.poll(() => place.lines('begun.txt').length, LONG).toBe(64);
  server.open();
  expect(await ended).toBe(0);
  expect(server.asked).toEqual(['/held']);
  expect(place.lines('out.csv')).toHaveLength(65);
  const { calls } = place.report();
  expect(calls).toMatchObject({ calls: 1, misses: 1, saved: 63, tokens: 10, cost: 0.25 });
});

test('when the child dies that makes a call, the next one that waits for it makes it', async () => {
  const place = new Place({ 'w.mjs': SAME });
  const server = await serve(place);
  const session = place.start('run', 'w.mjs', '--items', '0:4', '-p', '4', '--name', 'r', '-o', 'out.csv');
  const ended = exitOf(session);
  await expect.poll(() => place.lines('begun.txt').length, LONG).toBe(4);
  await expect.poll(() => server.asked.length, LONG).toBe(1);
  process.kill(Number(place.lines('owners.txt')[0]), 'SIGKILL');
  // The heir's request; and the item of the dead one, begun again in another child.
  await expect.poll(() => server.asked.length, LONG).toBe(2);
  await expect.poll(() => place.lines('begun.txt').length, LONG).toBe(5);
  server.open();
  expect(await ended).toBe(0);
  expect(server.asked.length).toBe(2);
  expect(new Set(place.lines('owners.txt')).size).toBe(2);
  expect(place.lines('out.csv').toSorted()).toEqual(['0,/held', '1,/held', '2,/held', '3,/held', 'n,path']);
  expect(place.report().calls).toMatchObject({ calls: 1, saved: 3 });
});

test('who waits for a call finds its answer in the cache, however busy the child is that made it', async () => {
  // Whoever made the call computes, without a look at its messages, until another one has gone on with the answer.
  const worker = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
export default { columns: ['n', 'value', 'wentOn'], process: async (n, { call }) => {
  let isMine = false;
  const called = call({ key: 'same' }, async () => {
    isMine = true;
    while (readFileSync('begun.txt', 'utf8').length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    // So that the other one waits; were it later, it would find the answer at once.
    await new Promise((resolve) => setTimeout(resolve, 300));
    return 7;
  });
  appendFileSync('begun.txt', n + '\\n');
  const value = await called;
  if (!isMine) writeFileSync('on.txt', '');
  for (let look = 0; isMine && !existsSync('on.txt') && look < 750; look++) pause();
  return { n, value, wentOn: existsSync('on.txt') };
} };`;
  const place = new Place({ 'w.mjs': worker, 'begun.txt': '' });
  expect(await place.run('--items', '0:2', '-p', '2', '--batch-size', '1')).toMatchObject({ code: 0 });
  expect(place.lines('out.csv')).toEqual(['n,value,wentOn', '0,7,true', '1,7,true']);
  expect(place.report().calls).toMatchObject({ calls: 1, saved: 1 });
});

test('a spent budget stops the run with 3; a resume goes on from there, and what is cached costs nothing', async () => {
  const place = new Place({
    'w.mjs': `${WORKER}
export default { columns: ['n', 'a', 'b'], cache: { namespace: 'x' }, process: async (n, ctx) => {
  const a = (await ctx.call({ key: ['a', n % 5] }, get('/a' + (n % 5)))).path;
  let b;
  // A worker that swallows every error must not make up rows.
  try { b = (await ctx.call({ key: ['b', n], fallback: () => ({ path: 'made up' }) }, get('/b' + n))).path; } catch { b = 'swallowed'; }
  return { n, a, b };
} };`,
  });
  const server = await serve(place);
  const stopped = await place.run('--items', '0:40', '-p', '2', '--batch-size', '8', '--max-calls', '20');
  expect(stopped.code).toBe(3);
  expect(stopped.stderr).toMatch(/20 of --max-calls 20 are spent: a resume with a larger --max-calls goes on/);
  expect(stopped.stderr).toMatch(/Warnings\n {2}16 of --max-calls 20 are spent/);
  expect(stopped.stderr).toMatch(/shardyard resume r --max-calls 40/);
  expect(server.asked).toHaveLength(20);
  expect(place.report()).toMatchObject({
    state: 'stopped',
    exitCode: 3,
    stopped: { why: 'budget' },
    items: { failed: 0 },
    calls: { calls: 20 },
  });

  // Spent is spent, also in the next session; only what is cached goes on.
  expect((await place.resume()).code).toBe(3);
  expect(server.asked).toHaveLength(20);
  const { code, stderr } = await place.resume('--max-calls', '100', '--max-cost', '11.30');
  expect([code, stderr]).toEqual([0, expect.stringContaining('45 sent')]);
  expect(server.asked.toSorted()).toEqual(
    [...Array.from({ length: 5 }, (_, n) => `/a${n}`), ...Array.from({ length: 40 }, (_, n) => `/b${n}`)].toSorted(),
  );
  expect(place.read('out.csv')).not.toMatch(/made up|swallowed/);
  expect(place.report().calls).toMatchObject({ calls: 45, tokens: 450, cost: 11.25, fallbacks: 0 });
  const status = JSON.parse((await place.shardyard('status', 'r', '--json')).stdout) as Status;
  expect(status.calls).toEqual(place.report().calls);

  // Another run finds all of it in the cache.
  const again = await place.run('--items', '0:40', '--name', 's', '-o', 'again.csv', '--max-calls', '1');
  expect([again.code, again.stderr]).toEqual([0, expect.stringMatching(/Calls +0 sent, 80 saved\n +Cache +80 hits/)]);
  expect(place.read('again.csv')).toBe(place.read('out.csv'));
  expect(server.asked).toHaveLength(45);
  expect((await place.shardyard('cache', 'stats')).stdout).toMatch(/^\.\/data\/cache\/calls\/cache\.sqlite\n45 entries, /);
  expect((await place.shardyard('cache', 'verify')).stdout).toBe('45 entries checked, all are whole\n');
});

test('a cache that cannot be used is refused before anything is started; a damaged one is set aside', async () => {
  const place = new Place({ 'w.mjs': `export default { process: (n) => ({ n }) };`, file: '' });
  const refused = await place.run('--items', '0:3', '--cache', 'file');
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringMatching(/file: the cache cannot be made: .*is not a folder: .*--cache off/),
  ]);
  expect(place.everything()).not.toHaveProperty('data/runs/r/');
  const wrong = await place.run('--items', '0:3', '--cache', 'http://x');
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining('"http://x" is no place for a cache: give a folder, redis://host:port, or off'),
  ]);
  const down = await place.run('--items', '0:3', '--cache', 'redis://127.0.0.1:1');
  expect([down.code, down.stderr]).toEqual([
    2,
    expect.stringMatching(/the cache redis:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/),
  ]);
  // A fallback that throws fails its item, with what was wrong with the call and with it.
  place.write(
    'f.mjs',
    "export default { process: (n, { call }) => call({ fallback: () => { throw new Error('no idea') } }, () => { throw Object.assign(new Error('no such model'), { status: 404 }); }) };",
  );
  const fell = await place.shardyard('run', 'f.mjs', ...place.options(['--items', '0:1', '--retries', '0', '--name', 'f', '-o', 'f.csv']));
  expect([fell.code, fell.stderr]).toEqual([1, expect.stringMatching(/no such model; and its fallback threw: no idea/)]);
  place.write('data/cache/calls/cache.sqlite', 'rubbish\n'.repeat(5000));
  const mended = await place.run('--items', '0:3');
  expect([mended.code, mended.stderr]).toEqual([0, expect.stringMatching(/the cache was damaged and is set aside as/)]);
  // What a later version has written is left alone, by runs and by looks at it.
  for (const file of ['data/cache/calls/cache.sqlite', 'data/cache/budget.sqlite']) {
    const database = new DatabaseSync(join(place.cwd, file));
    database.exec('create table if not exists other (x); pragma user_version = 99');
    database.close();
  }
  const args = ['run', 'w.mjs', '--items', '0:3', '--name', 's', '--progress', 'none'];
  const newer = await commandsOf(
    [['cache', 'stats'], args, [...args, '--cache', 'off', '--rate', '5/day']].map((one) => ({ cwd: place.cwd, args: one })),
  );
  expect(newer).toMatchObject([
    { code: 2, stderr: expect.stringMatching(/written by a newer Shardyard/) },
    { code: 2, stderr: expect.stringMatching(/written by a newer Shardyard/) },
    {
      code: 2,
      stderr: expect.stringMatching(/budget\.sqlite: is from a newer version of Shardyard: use that version, or another --data-dir/),
    },
  ]);
  expect(place.everything()).not.toHaveProperty('data/runs/s/');
  writeFileSync(join(place.cwd, 'data/cache/calls/cache.sqlite'), 'rubbish\n'.repeat(5000));
  expect((await place.shardyard('cache', 'verify')).code).toBe(1);
});
