import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BIN } from '../cli/support.ts';
import { type Cgroup, makeCgroup } from '../support/cgroup.ts';
import { exitOf, Place } from './support.ts';
import { csvOf, WORKER } from './workers.ts';

const MB = 1 << 20;
const probe = makeCgroup(100 * MB);
await probe?.remove();

/** A memory limit for a test. */
function limited(bytes: number): Cgroup {
  const group = makeCgroup(bytes);
  if (!group) throw new Error('there was one a moment ago');
  onTestFinished(() => group.remove());
  return group;
}

/** Starts a program under a limit; it is gone after the test. */
function startIn(group: Cgroup, place: Place, args: readonly string[]): ReturnType<Place['start']> {
  const [program, ...rest] = group.wrap([process.execPath, ...args]);
  const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: join(tmpdir(), 'shardyard-proc-compile-cache') };
  const child = spawn(program, rest, { cwd: place.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function until(what: string, happened: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 60_000; !happened(); await sleep(20)) {
    if (performance.now() > deadline) throw new Error(`waited 60 s in vain until ${what}`);
  }
}

// Needs a control group of its own: elsewhere, what is decided is tested in test/core, and what is read in cgroup.test.ts.
describe.skipIf(probe === undefined)('where the kernel limits the memory', () => {
  test('a child that it kills is told apart from one that somebody else kills', async () => {
    const worker = `
      import { setTimeout as sleep } from 'node:timers/promises';
      export default { columns: ['item'], process: async (item, { log }) => {
        log('doing', item);
        if (item === 'killed') process.kill(process.pid, 'SIGKILL');
        for (const kept = []; item === 'hog'; await sleep(1)) kept.push(Buffer.alloc(${16 * MB}, 1));
        return { item };
      } };`;
    const place = new Place({ 'w.mjs': worker });
    const args = place.options(['--items', 'a,killed,hog,b', '--retries', '0', '--shards', '1', '--batch-size', '4']);
    const code = await exitOf(startIn(limited(400 * MB), place, [BIN, 'run', 'w.mjs', ...args]));
    expect(code).toBe(1);
    expect(place.read('out.csv')).toBe('item\na\nb\n');
    expect(place.report().failures).toMatchObject([
      { key: 'killed', cause: 'signal', evidence: { signal: 'SIGKILL', said: ['doing a', 'doing killed'] } },
      { key: 'hog', cause: 'oom-killed', tries: 1, evidence: { signal: 'SIGKILL', oomKills: 1, said: ['doing hog'] } },
    ]);
    expect(place.report().failures[0]?.evidence).not.toHaveProperty('oomKills');
    expect(place.events('child-ended').map(({ cause, oomKills }) => [cause, oomKills])).toEqual([
      ['signal', undefined],
      ['oom-killed', 1],
      ['ok', undefined],
    ]);
    expect(place.read('logs/r/shard-00000.log')).toMatch(/item 2 \(hog\) is given up.*OOM killer ended 1 process.*rerun r --items=hog/);
  });

  test('--memory-free ends the youngest child, waits, and does its batch later; no item is to blame', async () => {
    const place = new Place({ 'w.mjs': WORKER });
    const group = limited(1000 * MB);
    const shape = ['-p', '2', '--shards', '2', '--batch-size', '2', '--memory-free', '500MiB'];
    const run = startIn(group, place, [BIN, 'run', 'w.mjs', ...place.options(['--items', 'a,slow-1,b,slow-2', ...shape])]);
    const ended = exitOf(run);
    const begun = (item: string): number => place.lines('executed.txt').filter((line) => line === item).length;
    await until('both are held', () => begun('slow-1') + begun('slow-2') === 2);
    const ballast = startIn(group, place, ['-e', `globalThis.kept = Buffer.alloc(${720 * MB}, 1); setInterval(() => {}, 1e6)`]);
    const states = (): string[] => place.events('memory-free').map(({ state }) => state);
    await until('a child is ended', () => states().includes('ending') && place.events('child-ended').length > 0);
    const [first, second] = place.events('dispatched');
    expect(place.events('memory-free')).toMatchObject([{ state: 'holding' }, { state: 'ending', child: second?.child }]);
    ballast.kill('SIGKILL');
    await once(ballast, 'close');
    await until('its batch is begun again', () => begun('slow-1') + begun('slow-2') === 3);
    for (const item of ['slow-1', 'slow-2']) place.write(`go-${item}`);
    expect(await ended).toBe(0);

    expect(states()).toEqual(['holding', 'ending', 'enough']);
    expect(place.read('out.csv')).toBe(csvOf(['a', 'slow-1', 'b', 'slow-2']));
    // What the ended child had finished is kept.
    expect([begun('a'), begun('b')]).toEqual([1, 1]);
    expect(place.report()).toMatchObject({ retries: 0, children: { died: 0 } });
    expect(place.events('dispatched').map(({ shard }) => shard)).toEqual([first?.shard, second?.shard, second?.shard]);
  });
});

test('--memory-free starts nothing while there is too little, and says so; the run can be stopped and resumed without it', async () => {
  const place = new Place({ 'w.mjs': WORKER });
  const run = place.start('run', 'w.mjs', '--items', 'a,b', '--name', 'r', '-o', 'out.csv', '--memory-free', '900000GB');
  onTestFinished(() => void run.kill('SIGKILL'));
  const ended = exitOf(run);
  await until('it is held', () => {
    try {
      return place.events('memory-free').length === 1;
    } catch {
      return false;
    }
  });
  run.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(place.lines('executed.txt')).toEqual([]);
  expect(await place.resume('--memory-free', '1MB')).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(csvOf(['a', 'b']));
});
