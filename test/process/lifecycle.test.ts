import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { launch, resume, type LaunchOptions } from '../../src/index.ts';
import { until } from '../crash/support.ts';
import { OwnTime } from '../support/own-time.ts';
import { exitOf, Place } from './support.ts';
import { csvOf, WORKER } from './workers.ts';

/** A worker whose items give themselves, with something more. */
const plainWorker = (more: string): string =>
  `import { setTimeout as sleep } from 'node:timers/promises';\nexport default { columns: ['item'], process: (item) => ({ item }), ${more} };\n`;
const HANGS = 'teardown: () => new Promise(() => setInterval(() => {}, 1000))';
const USUAL = ['-p', '1', '--spares', '0', '--name', 'r', '-o', 'out.csv'];

const optionsIn = (place: Place): LaunchOptions & { run: string } => ({
  worker: join(place.cwd, 'w.mjs'),
  name: 'r',
  run: 'r',
  processes: 1,
  spares: 0,
  dataDir: join(place.cwd, 'data'),
  logsDir: join(place.cwd, 'logs'),
  output: join(place.cwd, 'out.csv'),
});

test('children that clean up for long are counted: there is a next one beside them, not a crowd', async () => {
  const place = new Place({ 'w.mjs': plainWorker('teardown: () => sleep(500)') });
  expect(await place.run('--items', '0:6', '--batch-size', '1')).toMatchObject({ code: 0 });
  let alive = 0;
  const counts = place.events('child-started', 'child-ended').map(({ type }) => (alive += type === 'child-started' ? 1 : -1));
  expect(Math.max(...counts)).toBe(2);
});

test('--stagger: slots get their first children one after the other, and spares come last', async () => {
  const place = new Place({ 'w.mjs': WORKER });
  const items = ['slow1', 'slow2', 'slow3', 'slow4', 'slow5', 'slow6'];
  const usual = ['-p', '3', '--shards', '3', '--batch-size', '1', '--spares', '1', '--stagger', '400ms', '--name', 'r', '-o', 'out.csv'];
  const run = place.start('run', 'w.mjs', '--items', items.join(), ...usual);
  await until('there is a spare', () => existsSync(join(place.cwd, 'data/runs/r/journal.ndjson')) && started().length === 4);
  for (const item of items) place.write(`go-${item}`);
  expect(await exitOf(run)).toBe(0);
  expect(place.read('out.csv')).toBe(csvOf(items));
  const [opened] = place.events('opened');
  const pauses = started().map(({ at }) => at - (opened?.at ?? 0));
  for (const [child, least] of [0, 400, 800, 800].entries()) expect(pauses[child]).toBeGreaterThanOrEqual(least);

  function started(): { at: number }[] {
    return place.events('child-started');
  }
});

test.each([
  ['once', plainWorker(HANGS), 130],
  ['twice, where the first is not heeded', `process.on('SIGTERM', () => {});\n${plainWorker(HANGS)}`, 143],
])('a run that waits for its last child to clean up can be stopped: %s', async (_, worker, code) => {
  const place = new Place({ 'w.mjs': worker });
  const run = place.start('run', 'w.mjs', '--items', 'a,b', '--batch-size', '2', ...USUAL);
  const told = (how: string): boolean => place.events('child-told').some((event) => event.how === how);
  const journal = join(place.cwd, 'data/runs/r/journal.ndjson');
  await until('all items are done', () => existsSync(journal) && place.events('attempt-ended').length > 0);
  const time = new OwnTime();
  const looking = setInterval(() => time.look(), 10);
  onTestFinished(() => clearInterval(looking));
  run.kill('SIGINT');
  if (code === 143) {
    await until('the child is asked', () => told('SIGTERM'));
    run.kill('SIGTERM');
  }
  expect(await exitOf(run)).toBe(code);
  // Less than the grace of somebody who was asked.
  expect(time.look()).toBeLessThan(4000);
  expect(told('SIGKILL')).toBe(code === 143);
  expect(place.report()).toMatchObject({ state: 'stopped', exitCode: code, items: { done: 2, owed: 0 }, output: null });
  expect(existsSync(join(place.cwd, 'out.csv'))).toBe(false);
  expect(await place.resume()).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe('item\na\nb\n');
});

test('a run that is stopped when no child is left does not merge', async () => {
  const place = new Place({ 'w.mjs': plainWorker('') });
  const run = launch({ ...optionsIn(place), items: 'a,b', batchSize: 2 });
  for await (const { type } of run) if (type === 'child-ended') run.stop('SIGTERM');
  expect(await run.report).toMatchObject({ state: 'stopped', exitCode: 143, items: { done: 2, owed: 0 }, output: null });
  expect(place.events('stopping', 'merged', 'closed').map(({ type }) => type)).toEqual(['stopping', 'closed']);
  expect(await resume(optionsIn(place)).report).toMatchObject({ state: 'done', exitCode: 0, rows: 2 });
});

test('a merge can be stopped; nothing is left of it, and another session merges', async () => {
  // Megabytes: a merge looks up from its work every 32 of them.
  const place = new Place({
    'w.mjs': `const text = 'x'.repeat(1 << 20);\nexport default { columns: ['item', 'text'], process: (item) => Array.from({ length: 10 }, () => ({ item, text })) };\n`,
  });
  const options = { ...optionsIn(place), output: join(place.cwd, 'out.csv.gz') };
  const run = launch({ ...options, items: '0:4' });
  while (run.snapshot().phase !== 'merging') await nextTurn();
  run.stop('SIGINT');
  expect(await run.report).toMatchObject({ state: 'stopped', exitCode: 130, items: { done: 4, owed: 0 }, output: null });
  expect(place.events('stopping', 'merged', 'closed').map(({ type }) => type)).toEqual(['stopping', 'closed']);
  expect(readdirSync(place.cwd).toSorted()).toEqual(['data', 'logs', 'w.mjs']);
  expect(await resume(options).report).toMatchObject({ state: 'done', exitCode: 0, rows: 40 });
});

test('Ctrl-C while the items are listed is no fault of ours, and leaves nothing', async () => {
  const place = new Place({
    'w.mjs': `import { writeFileSync } from 'node:fs';\nwriteFileSync('planning', '');\nawait new Promise(() => setInterval(() => {}, 1000));\n`,
  });
  const run = place.start('run', 'w.mjs', '--items', 'a', ...USUAL);
  let said = '';
  run.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until('the worker is imported', () => existsSync(join(place.cwd, 'planning')));
  run.kill('SIGINT');
  expect(await exitOf(run)).toBe(130);
  expect(said).toContain('stopped by SIGINT before anything was started');
  expect(readdirSync(place.cwd).toSorted()).toEqual(['planning', 'w.mjs']);
});

test('a session gives back what it had: its files, and the run', async () => {
  const place = new Place({ 'w.mjs': plainWorker('') });
  await launch({ ...optionsIn(place), items: 'a,b' }).report;
  await resume(optionsIn(place)).report;
  expect(existsSync(join(place.cwd, 'data/runs/r/owner.json'))).toBe(false);
  expect(openFiles().filter((file) => file.startsWith(place.cwd))).toEqual([]);
});

/** The files that this process has open. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      // The folder itself, which is closed by now.
      return [];
    }
  });
}
