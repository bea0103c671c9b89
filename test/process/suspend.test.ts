import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { gone } from '../support/marked.ts';
import { heldCsv, killParent, Place as CrashPlace, until, worker } from '../crash/support.ts';
import { exitOf, Place } from './support.ts';

/** Longer than an item may take. */
const STILL = 4500;
const WORKER = `
import { setTimeout as sleep } from 'node:timers/promises';
export default {
  columns: ['item'],
  async process(item, { signal }) {
    await sleep(50, undefined, { signal });
    return { item };
  },
};
`;

const stateOf = (pid: number): string => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '?';

test('time in which everything stands still counts for nobody: Ctrl-Z, and a stop from outside', async () => {
  const place = new Place({ 'w.mjs': WORKER });
  const limits = ['--item-timeout', '4s', '--retries', '0', '--deadline', '5m'];
  const run = place.start('run', 'w.mjs', '--items', '0:120', '--batch-size', '60', ...limits, '-p', '2', '--name', 'r', '-o', 'out.csv');
  const pid = run.pid ?? 0;
  const journal = join(place.cwd, 'data/runs/r/journal.ndjson');
  await until('both children work', () => existsSync(journal) && place.events('dispatched').length >= 2);

  run.kill('SIGTSTP');
  await until('the parent stands still', () => stateOf(pid) === 'T');
  const children = place.events('child-started').map((event) => event.pid);
  // The signal is on its way to those of a group one after the other.
  await until('the children do', () => children.every((child) => stateOf(child) === 'T'));
  expect(await place.shardyard('status', '--json')).toMatchObject({ stdout: expect.stringContaining('"state": "suspended"') });
  await sleep(STILL);
  run.kill('SIGCONT');
  await until('it goes on', () => place.events('awoke').length > 0);
  await until('the children do', () => children.every((child) => stateOf(child) !== 'T'));

  run.kill('SIGSTOP');
  await sleep(STILL);
  run.kill('SIGCONT');
  expect(await exitOf(run)).toBe(0);

  expect(place.read('out.csv')).toBe(`item\n${Array.from({ length: 120 }, (_, item) => `${item}\n`).join('')}`);
  // No limit was reached, although each was shorter than the time that has passed.
  expect(place.events('child-told').filter(({ why }) => why !== 'stopped')).toEqual([]);
  expect(place.events('tried', 'warned')).toEqual([]);
  const [suspended] = place.events('suspended');
  const awoke = place.events('awoke').filter(({ ms }) => ms > STILL - 500);
  expect(awoke).toHaveLength(2);
  // No more than the time between the two lines of the journal, whose clocks are not the same.
  expect(awoke[0]?.ms).toBeLessThan((awoke[0]?.at ?? 0) - (suspended?.at ?? 0) + 50);
  // Each child had an item in flight when it was stopped; none is said to have taken that long.
  const times = place.events('dispatched').flatMap(({ shard, batch }) =>
    place
      .lines(`data/runs/r/parts/shard-0000${shard}.batch-0000${batch}.attempt-1.ledger.ndjson`)
      .map((line) => JSON.parse(line) as { ms?: number })
      .map(({ ms = 0 }) => ms),
  );
  expect(Math.max(...times)).toBeLessThan(4000);
  // Nor does a batch, which both children had all the time, as far as the parent is concerned.
  for (const { shard, batch, ms, at } of place.events('committed')) {
    const begun = place.events('dispatched').find((event) => event.shard === shard && event.batch === batch);
    expect(ms).toBeLessThan(at - (begun?.at ?? 0) - 1.5 * STILL);
  }
  const [opened, closed] = place.events('opened', 'closed').map(({ at }) => at);
  const { wall, planning } = place.report().time;
  expect(wall - planning).toBeLessThan((closed ?? 0) - (opened ?? 0) - STILL);
  expect(existsSync(join(place.cwd, 'data/runs/r/stops.json'))).toBe(false);
});

test('a parent that is killed while everything stands still leaves nothing behind, and the run can be resumed', async () => {
  const place = new CrashPlace();
  const session = place.start('run', worker('held'), '--items', 'a,slow,b', '-p', '1', '-o', 'out.csv');
  await until('an item is held', () => place.begun('slow') === 1, session);
  for (const count of [1, 2]) {
    process.kill(session.pid, 'SIGTSTP');
    await until('the parent stands still', () => stateOf(session.pid) === 'T', session);
    if (count === 2) break;
    // The guard does not take a parent that stands still for a dead one.
    await sleep(300);
    process.kill(session.pid, 'SIGCONT');
    await until('it goes on', () => place.events('awoke').length === 1, session);
  }
  expect(existsSync(place.file('stops.json'))).toBe(true);
  await killParent(session);
  expect((await gone(place.cwd, 2000)).left).toEqual([]);
  place.write('go');
  expect(await place.end('resume')).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(heldCsv(['a', 'slow', 'b']));
  expect(existsSync(place.file('stops.json'))).toBe(false);
});
