import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { killMarked, processesOf } from '../support/marked.ts';
import { Place, until, worker } from './support.ts';

const ATTEMPT = 'shard-00000.batch-00000.attempt-1';
const ITEMS = ['a', 'b', 'slow', 'c'];
const NAMES = ITEMS.map((item) => `${item}.txt`).toSorted();

function newPlace(version = '1'): Place {
  const place = new Place();
  place.write('version', version);
  return place;
}

const runArgs = (items = ITEMS): string[] => [
  worker('files'),
  '--items',
  items.join(','),
  '-p',
  '1',
  '--spares',
  '0',
  '--batch-size',
  '9',
  '-o',
  'out.csv',
];

/** The artifacts, and nothing else: whole, and of these versions. */
function expectArtifacts(place: Place, versions: Readonly<Record<string, number>> = {}): void {
  const folder = place.file('artifacts', 'files');
  expect(readdirSync(folder).toSorted()).toEqual(NAMES);
  for (const item of ITEMS)
    expect(readFileSync(join(folder, `${item}.txt`), 'utf8')).toBe(`first of ${item}, version ${versions[item] ?? 1}`);
  expect(existsSync(place.file('staged'))).toBe(false);
  expect(place.read('out.csv')).toBe(`item,version\n${ITEMS.map((item) => `${item},${versions[item] ?? 1}\n`).join('')}`);
}

test('a child, and then all processes, die while a file is half written', async () => {
  const place = newPlace();
  const session = place.start('run', ...runArgs());
  await until('an item is held', () => place.begun('slow') === 1, session);
  // What is finished is sealed, and has no name yet.
  expect(existsSync(place.file('staged', ATTEMPT, '0', 'files', 'a.txt'))).toBe(true);
  expect(existsSync(place.file('artifacts'))).toBe(false);
  for (const one of processesOf(place.cwd)) if (one.role === 'child') killMarked(one);
  await until('it is held again', () => place.begun('slow') === 2, session);
  for (const one of processesOf(place.cwd)) killMarked(one);
  await session.ended;
  place.write('go');
  expect(await place.end('resume')).toMatchObject({ code: 0 });
  expectArtifacts(place);
  expect(ITEMS.map((item) => place.begun(item))).toEqual([1, 1, 3, 1]);
});

/** A run that is done, whose item `a` has been made a second time. */
async function rerun(): Promise<Place> {
  const place = newPlace();
  place.write('go');
  expect(await place.end('run', ...runArgs())).toMatchObject({ code: 0 });
  place.write('version', '2');
  expect(await place.end('rerun', '--items', 'a')).toMatchObject({ code: 0 });
  expectArtifacts(place, { a: 2 });
  place.write('version', '3');
  return place;
}

const AGAIN = 'shard-00000.batch-00000.attempt-2';

/** Back to when the second attempt's file had no name yet, and the journal ended before or behind its commit. */
function turnBack(place: Place, { behind }: { readonly behind: boolean }): string {
  const lines = readFileSync(place.file('journal.ndjson'), 'utf8').split('\n');
  const at = lines.findIndex((line) => line.includes('"type":"committed"') && line.includes('"attempt":2,'));
  writeFileSync(place.file('journal.ndjson'), `${lines.slice(0, behind ? at + 1 : at).join('\n')}\n`);
  const staged = place.file('staged', AGAIN, '0', 'files', 'a.txt');
  mkdirSync(dirname(staged), { recursive: true });
  renameSync(place.file('artifacts', 'files', 'a.txt'), staged);
  writeFileSync(place.file('artifacts', 'files', 'a.txt'), 'first of a, version 1');
  cpSync(place.file('staged', AGAIN), place.file('staged', 'shard-00007.batch-00000.attempt-1'), { recursive: true });
  return staged;
}

test('a session that dies between a commit and the names of its artifacts is completed by the next', async () => {
  const place = await rerun();
  for (const [behind, command] of [
    [true, 'merge'],
    [true, 'resume'],
    [false, 'resume'],
  ] as const) {
    turnBack(place, { behind });
    expect(await place.end(command)).toMatchObject({ code: 0 });
    expectArtifacts(place, { a: 2 });
  }
  // Whatever was not synced may be gone after a power cut: then the item is done again.
  const staged = turnBack(place, { behind: false });
  truncateSync(staged, 3);
  expect(await place.end('resume')).toMatchObject({ code: 0 });
  expectArtifacts(place, { a: 3 });
});
