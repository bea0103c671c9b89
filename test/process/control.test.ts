import { existsSync, readFileSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { ctl, launch } from '../../src/index.ts';
import { killParent, Place as CrashPlace, until, worker } from '../crash/support.ts';
import { processesOf } from '../support/marked.ts';
import { exitOf, Place } from './support.ts';
import { csvOf, executed, WORKER } from './workers.ts';

const ITEMS = ['slow0', 'a1', 'slow2', 'a3', 'slow4', 'a5', 'slow6', 'a7'];
const running = (place: Place): number => place.events('dispatched').length - place.events('attempt-ended').length;

test('a run is steered from another terminal', async () => {
  const place = new Place({ 'w.mjs': WORKER });
  const sent: string[] = [];
  const say = async (...words: readonly string[]): Promise<string> => {
    sent.push(words.join(' '));
    const { code, stdout, stderr } = await place.shardyard('ctl', 'r', ...words);
    return code === 0 ? stdout : `${code}: ${stderr}`;
  };
  const args = ['--items', ITEMS.join(), '-p', '2', '--shards', '4', '--batch-size', '2', '--spares', '0', '--retries', '0'];
  const run = place.start('run', 'w.mjs', ...args, '--name', 'r', '-o', 'out.csv');
  const journal = join(place.cwd, 'data/runs/r/journal.ndjson');
  const held = (item: string): boolean => place.lines('executed.txt').includes(item);
  await until('two items are held', () => existsSync(journal) && held('slow0') && held('slow2'));
  const socket = join(place.cwd, 'data/runs/r/control.sock');
  expect(statSync(socket).mode & 0o777).toBe(0o600);

  expect(await say('pause')).toBe('nothing new is dispatched; 2 children are at work and will finish their batches\n');
  place.write('go-slow0');
  await until('its batch is done', () => place.events('committed').length === 1);
  // Whoever is asked now knows of the free slot, and leaves it.
  expect(await say('processes', '3')).toBe('3 at a time instead of 2\n');
  expect(place.events('dispatched')).toHaveLength(2);
  expect((await place.shardyard('status', 'r')).stdout).toContain('paused');
  expect(await say('continue')).toBe('the run goes on\n');
  await until('three children work', () => running(place) === 3 && held('slow4') && held('slow6'));

  expect(await say('kill', '1')).toMatch(/^the child at shard 1 \(pid \d+\) is killed; what it had not finished goes to another\n$/);
  await until('another has its item', () => place.lines('executed.txt').filter((item) => item === 'slow2').length === 2);
  expect(await say('retire', '2')).toContain('ends after its item');
  expect(await say('processes', '1')).toBe('1 at a time instead of 3; 2 more finish the batch that they have\n');
  place.write('go-slow4');
  await until('what was retired has handed in its item', () => place.events('committed').some(({ spans }) => spans[0]?.[0] === 4));
  place.write('go-slow2');
  await until('so has the other', () => place.events('committed').some(({ spans }) => spans[0]?.[0] === 2));
  await until('nobody but the one that is held works', () => running(place) === 1);

  const wrong = [
    [['kill', '9'], '2: shardyard: no child is at work for shard 9: see which are with shardyard status\n'],
    [['wobble'], '2: shardyard: ctl cannot "wobble": choose from pause, continue, processes, retire, kill, stop\n'],
    [['processes'], '2: shardyard: ctl processes needs a number: write ctl processes 4\n'],
  ] as const;
  for (const [words, expected] of wrong) expect(await say(...words)).toBe(expected);
  for (const line of ['junk', '{"shardyard":9,"verb":"stop"}']) expect(await raw(socket, line)).toMatchObject({ shardyard: 1, ok: false });

  expect(await say('stop')).toContain('the run ends');
  place.write('go-slow6');
  expect(await exitOf(run)).toBe(3);
  expect(place.report()).toMatchObject({ stopped: { why: 'ctl' }, failedByCause: {} });
  expect(existsSync(socket)).toBe(false);
  expect(await say('pause')).toContain('2: shardyard: the run r is not going on');
  const requests = place.events('controlled').map(({ request }) => Object.values(request).join(' '));
  expect(requests).toEqual(['pause', 'processes 3', 'continue', 'kill 1', 'retire 2', 'processes 1', 'stop']);
  // The item of the child that was killed was not charged with a try.
  expect(place.events('tried', 'item-failed')).toEqual([]);
  expect(place.events('child-ended').filter(({ signal }) => signal === 'SIGKILL')).toMatchObject([{ cause: 'stopped', asked: true }]);

  executed(place);
  expect(await place.resume()).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(csvOf(ITEMS));
});

/** What the socket answers to a line. */
async function raw(socket: string, line: string): Promise<unknown> {
  const connection = createConnection(socket);
  connection.write(`${line}\n`);
  for await (const answer of createInterface({ input: connection })) {
    connection.destroy();
    return JSON.parse(answer) as unknown;
  }
  return undefined;
}

/** Asks, and leaves before there can be an answer. */
function hangUp(socket: string): Promise<void> {
  return new Promise((resolve) => {
    const connection = createConnection(socket, () =>
      connection.write(`${JSON.stringify({ version: 1, request: { verb: 'pause' } })}\n`, () => connection.destroy()),
    );
    connection.on('close', () => resolve());
  });
}

test('the socket of a parent that was killed goes with the next session, and where the folder is deep, it has a short name elsewhere', async () => {
  for (const depth of [1, 120]) {
    const place = new CrashPlace();
    const where = ['--data-dir', join(place.cwd, 'd'.repeat(depth))];
    const session = place.start('run', worker('held'), '--items', 'a,slow,b', '-p', '1', '-o', 'out.csv', ...where);
    const folder = join(place.cwd, 'd'.repeat(depth), 'runs/r');
    const held = (): boolean =>
      existsSync(join(place.cwd, 'logs/r/shard-00000.log')) && place.read('logs/r/shard-00000.log').includes('begin slow');
    await until('an item is held', held, session);
    // Written by the parent alone.
    const { socket } = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as { socket: string };
    expect([depth, socket.startsWith(folder), Buffer.byteLength(socket) <= 107]).toEqual([depth, depth === 1, true]);
    const choice = { run: 'r', dataDir: where[1] ?? '' };
    // Whoever asks and does not wait for the answer takes nobody with them.
    for (let time = 0; time < 5; time++) await hangUp(socket);
    expect(await ctl(choice, { verb: 'pause' })).toContain('nothing new');
    await killParent(session);
    expect(statSync(socket).isSocket()).toBe(true);
    await expect(ctl(choice, { verb: 'continue' })).rejects.toThrow('is not going on');
    place.write('go');
    const next = depth === 1 ? await place.end('resume', ...where) : await place.end('clean', '--yes', ...where);
    expect(next).toMatchObject({ code: 0 });
    expect(existsSync(socket)).toBe(false);
  }
});

test('what a worker has started goes with its child, also what has left its group', async () => {
  const place = new CrashPlace();
  const session = place.start('run', worker('busy-family'), '--items', 'a,b', '-p', '2', '--shards', '2', '--spares', '0');
  const family = (): number => processesOf(place.cwd).filter(({ role }) => role === 'other').length;
  await until('both children have two grandchildren', () => family() >= 4, session);
  const before = processesOf(place.cwd).filter(({ role }) => role === 'other');
  // Two at the shard that is paused: nothing new begins, so that whoever is left then is of the other child.
  await ctl({ run: 'r', dataDir: join(place.cwd, 'data') }, { verb: 'pause' });
  expect((await place.end('ctl', 'kill', '0')).code).toBe(0);
  await until('its grandchildren are gone', () => family() === 2, session);
  expect(before.filter(({ pid }) => processesOf(place.cwd).some((one) => one.pid === pid))).toHaveLength(2);
});

test('a program steers the run that it has launched', async () => {
  const place = new Place({ 'w.mjs': `export default { columns: ['item'], process: (item) => ({ item }) };` });
  const dirs = { dataDir: join(place.cwd, 'data'), logsDir: join(place.cwd, 'logs'), output: join(place.cwd, 'out.csv') };
  const run = launch({ worker: join(place.cwd, 'w.mjs'), items: 'a,b,c,d', processes: 1, spares: 0, batchSize: 1, name: 'r', ...dirs });
  expect(run.control({ verb: 'pause' })).toMatchObject({ ok: false, message: 'the run is still being planned' });
  const seen: string[] = [];
  for await (const event of run) {
    if (event.type === 'controlled') seen.push(event.request.verb);
    if (event.type === 'committed' && seen.length === 0) {
      run.pause();
      run.setProcesses(3);
      expect(run.snapshot()).toMatchObject({ phase: 'paused', slots: [{}, {}, {}] });
      run.suspend();
      expect(run.snapshot().phase).toBe('suspended');
      run.wake();
      expect(run.control({ verb: 'kill', shard: 7 })).toMatchObject({ ok: false });
      run.continue();
    }
  }
  expect(await run.report).toMatchObject({ state: 'done', items: { done: 4 } });
  expect(seen).toEqual(['pause', 'processes', 'continue']);
});
