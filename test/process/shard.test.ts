import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { exitOf, Place } from './support.ts';
import { csvOf, executed, WORKER } from './workers.ts';

/** A dozen commands each, one after the other. */
vi.setConfig({ testTimeout: 240_000 });

const items = ['a', 'slow', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

test('a frozen run is done shard by shard, each alone and committed; the last one merges', async () => {
  const place = new Place({ 'w.mjs': WORKER, 'bad.txt': 'd' });
  const frozen = await place.shardyard(
    'plan',
    'w.mjs',
    ...place.options(['--items', items.join(','), '--shards', '3', '--retries', '0', '--freeze']),
  );
  expect(frozen).toMatchObject({ code: 0, stdout: expect.stringContaining('9 items in 3 shards, planned and not started') });
  expect(executed(place)).toEqual([]);

  const shard = async (...args: readonly string[]): ReturnType<Place['shardyard']> =>
    place.shardyard('shard', ...args, '--progress', 'none');
  expect(await shard('r', '1')).toMatchObject({ code: 1, stderr: expect.stringContaining('1 failed of the 3 items of this session') });
  expect(executed(place)).toEqual(['c', 'd', 'e']);
  place.write('bad.txt');
  // What failed is tried anew, what is done is not.
  expect(await shard('1')).toMatchObject({ code: 0, stderr: expect.stringContaining('all done of the 3 items') });
  expect(executed(place)).toEqual(['d']);
  expect(await shard('r', '1')).toMatchObject({ code: 0 });
  expect(executed(place)).toEqual([]);
  expect(existsSync(join(place.cwd, 'out.csv'))).toBe(false);
  expect(JSON.parse((await place.shardyard('status', '--json')).stdout)).toMatchObject({
    state: 'stopped',
    shards: [{ state: 'waiting' }, { state: 'done', done: 3 }, { state: 'waiting' }],
  });

  for (const [text, what] of [
    ['3', 'no shard 3'],
    ['x', 'not a set of shards'],
  ] as const)
    expect(await shard('r', text)).toMatchObject({ code: 2, stderr: expect.stringContaining(what) });

  // One at a time: the second is told whose it is, and nothing is lost by its trying.
  const session = place.start('shard', 'r', '0');
  const killed = exitOf(session);
  while (!place.lines('executed.txt').includes('slow')) await sleep(5);
  expect(await shard('r', '2')).toMatchObject({ code: 2, stderr: expect.stringContaining(`worked on by process ${session.pid}`) });
  session.kill('SIGKILL');
  await killed;
  await place.childrenGone();
  place.write('go-slow');
  executed(place);
  expect(await shard('r', '0')).toMatchObject({ code: 0 });
  expect(executed(place)).toEqual(['b', 'slow']);
  expect(existsSync(join(place.cwd, 'out.csv'))).toBe(false);
  expect(await shard('r', '0-2')).toMatchObject({ code: 0 });
  expect(executed(place)).toEqual(['f', 'g', 'h']);
  expect(place.read('out.csv')).toBe(csvOf(items));
  expect(place.report()).toMatchObject({ state: 'done', items: { done: 9, owed: 0 } });
});

test('an interrupted run can go on by shards, and a resume does what they leave', async () => {
  const place = new Place({ 'w.mjs': WORKER });
  const session = place.start('run', 'w.mjs', '--items', items.join(','), '-p', '1', '--shards', '3', '--name', 'r', '-o', 'out.csv');
  const ended = exitOf(session);
  while (!place.lines('executed.txt').includes('slow')) await sleep(5);
  session.kill('SIGKILL');
  await ended;
  await place.childrenGone();
  executed(place);
  expect(await place.shardyard('shard', '2', '--progress', 'none')).toMatchObject({ code: 0 });
  expect(executed(place)).toEqual(['f', 'g', 'h']);
  place.write('go-slow');
  expect(await place.resume()).toMatchObject({ code: 0 });
  expect(executed(place)).toEqual(['b', 'c', 'd', 'e', 'slow']);
  expect(place.read('out.csv')).toBe(csvOf(items));
  expect(place.events('opened').map(({ mode }) => mode)).toEqual(['run', 'shard', 'resume']);
});
