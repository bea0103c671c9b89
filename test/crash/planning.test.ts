import { globSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { gone, killMarked, processesOf } from '../support/marked.ts';
import { heldCsv, Place, until, worker } from './support.ts';

const RUN = ['run', worker('held-import'), '--items', 'a,b', '-p', '1', '--spares', '0', '-o', 'out.csv'] as const;

/** What a launch has written when it is killed, step by step. Content that is not there yet is garbage here: nobody may read it. */
const STEPS: readonly (readonly [step: string, files: readonly string[]])[] = [
  ['nothing but its folder', []],
  ['the lock', ['lock.sqlite']],
  ['the owner', ['lock.sqlite', 'owner.json']],
  ['some items', ['owner.json', 'items-0.ndjson.tmp']],
  ['the items', ['owner.json', 'items-0.ndjson', 'items-0.ndjson.offsets']],
  ['half a plan', ['owner.json', 'items-0.ndjson', 'parts/', 'plan-0.json.tmp']],
  ['the plan', ['owner.json', 'items-0.ndjson', 'parts/', 'plan-0.json']],
  ['half a manifest', ['owner.json', 'items-0.ndjson', 'parts/', 'plan-0.json', 'manifest.json.tmp']],
  [
    'everything of an older run but its manifest',
    [
      'owner.json',
      'parts/shard-00000.batch-00000.attempt-1.csv',
      'plan-0.json',
      'plan-1.json',
      'journal.ndjson',
      'live.json',
      'live.json.tmp',
    ],
  ],
];

test.each(STEPS)('a launch that was killed when it had %s is no run, and is taken over', async (_, files) => {
  const place = new Place();
  mkdirSync(place.file(), { recursive: true });
  for (const file of files) {
    mkdirSync(file.endsWith('/') ? place.file(file) : dirname(place.file(file)), { recursive: true });
    if (!file.endsWith('/')) writeFileSync(place.file(file), file === 'lock.sqlite' ? '' : '{"version":1,"torn');
  }
  expect(await place.end(...RUN)).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(heldCsv(['a', 'b']));
  expect(globSync('**/*.tmp', { cwd: place.cwd })).toEqual([]);
});

test('a folder without a manifest cannot be resumed', async () => {
  const place = new Place();
  mkdirSync(place.file('parts'), { recursive: true });
  expect(await place.end('resume')).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no run "r"') });
});

test('a planning child that is killed is reported, leaves nothing, and the launch can be repeated', async () => {
  const place = new Place();
  place.write('hold');
  const session = place.start(...RUN);
  await until('it plans', () => processesOf(place.cwd).some(({ role }) => role === 'planner'), session);
  for (const one of processesOf(place.cwd)) if (one.role === 'planner') killMarked(one);
  expect(await session.ended).toMatchObject({ code: 2, stderr: expect.stringMatching(/held-import\.ts: .* was killed by SIGKILL/) });
  expect((await gone(place.cwd, 2000)).left).toEqual([]);
  expect(readdirSync(place.cwd)).not.toContain('logs');
  rmSync(`${place.cwd}/hold`);
  expect(await place.end(...RUN)).toMatchObject({ code: 0 });
});

test('a launch whose parent is killed while the items are listed leaves no process', async () => {
  const place = new Place();
  place.write('hold');
  const session = place.start(...RUN);
  await until('it plans', () => processesOf(place.cwd).some(({ role }) => role === 'planner'), session);
  session.kill();
  await session.ended;
  expect((await gone(place.cwd, 2000)).left).toEqual([]);
  rmSync(`${place.cwd}/hold`);
  rmSync(place.file('owner.json'), { force: true });
  expect(await place.end(...RUN)).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(heldCsv(['a', 'b']));
});
