import { appendFileSync, cpSync, lstatSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseLine } from '../../src/store/journal.ts';
import { gone } from '../support/marked.ts';
import { cut, damage, heldCsv, killParent, Place, until, worker } from './support.ts';

const ITEMS = ['a', 'b', 'c', 'slow', 'd', 'e'];

/** A run whose parent was killed while it held the item `slow`, with `a`, `b` and `c` finished and not committed. */
async function interrupt(place: Place): Promise<void> {
  const shape = ['-p', '1', '--spares', '0', '--batch-size', '6'];
  const session = place.start('run', worker('held'), '--items', ITEMS.join(','), ...shape, '-o', 'out.csv');
  await until('an item is held', () => place.begun('slow') === 1, session);
  await killParent(session);
  expect((await gone(place.cwd, 20_000)).left).toEqual([]);
  place.write('go');
}

/** One place for all tests of a group, each of which finds in it what was there when `make` had made it. */
function placeAfter(make: (place: Place) => Promise<void>): Place {
  const [place, saved] = [new Place(afterAll), new Place(afterAll)];
  beforeAll(async () => {
    await make(place);
    copy(place.cwd, saved.cwd);
  }, 120_000);
  beforeEach(() => restore(place, saved));
  return place;
}

function restore(place: Place, saved: Place): void {
  for (const name of readdirSync(place.cwd)) rmSync(join(place.cwd, name), { recursive: true });
  copy(saved.cwd, place.cwd);
}

/** All of a folder but sockets, of which there are no copies. */
function copy(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (source) => !lstatSync(source).isSocket() });
}

const journalOf = (place: Place): string => readFileSync(place.file('journal.ndjson'), 'utf8');

/** Resumes, and expects the bytes of an undisturbed run and a journal without a bad line. */
async function expectDone(place: Place, items = ITEMS): Promise<void> {
  expect(await place.end('resume')).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(heldCsv(items));
  const lines = journalOf(place).split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.filter((line) => parseLine(line) === undefined)).toEqual([]);
}

describe('an interrupted run', () => {
  const place = placeAfter(interrupt);
  const [part, ledger] = ['csv', 'ledger.ndjson'].map((extension) => `shard-00000.batch-00000.attempt-1.${extension}`) as [string, string];

  test('keeps what its ledger and part agree on', async () => {
    await expectDone(place);
    expect(ITEMS.map((item) => place.begun(item))).toEqual([1, 1, 1, 2, 1, 1]);
    expect(place.events('committed').map(({ salvaged, spans }) => [salvaged, spans])).toEqual([
      [true, [[0, 3]]],
      [false, [[3, 6]]],
    ]);
  });

  test('whose ledger ends within a line keeps the lines before', async () => {
    const text = readFileSync(place.file('parts', ledger), 'utf8');
    truncateSync(place.file('parts', ledger), text.indexOf('"done"', text.indexOf('"index":2')) + 10);
    await expectDone(place);
    expect(ITEMS.map((item) => place.begun(item))).toEqual([1, 1, 2, 2, 1, 1]);
  });

  test('whose part is cut off keeps the items before the cut', async () => {
    cut(place.file('parts', part), 3);
    await expectDone(place);
    expect(ITEMS.map((item) => place.begun(item))).toEqual([1, 1, 2, 2, 1, 1]);
  });

  test('whose part has a changed byte keeps the items before it', async () => {
    damage(place.file('parts', part), heldCsv(['a']).length - heldCsv([]).length + 3);
    await expectDone(place);
    expect(ITEMS.map((item) => place.begun(item))).toEqual([1, 2, 2, 2, 1, 1]);
  });

  test('whose part is gone does everything again', async () => {
    writeFileSync(place.file('parts', part), '');
    await expectDone(place);
    expect(ITEMS.map((item) => place.begun(item))).toEqual([2, 2, 2, 2, 1, 1]);
  });

  test('whose journal ends within a line loses that line only', async () => {
    cut(place.file('journal.ndjson'), 20);
    await expectDone(place);
  });

  test('whose journal has lost its last lines as well as files that they were about', async () => {
    const lines = journalOf(place).split('\n');
    const dispatched = lines.findIndex((line) => line.includes('"type":"dispatched"'));
    writeFileSync(place.file('journal.ndjson'), `${lines.slice(0, dispatched).join('\n')}\n`);
    // As after a power cut: the attempt's files are there, so its name is taken.
    await expectDone(place);
    expect(place.events('attempt-ended').map(({ attempt, cause }) => [attempt, cause])).toEqual([[2, 'ok']]);
  });

  test('can be resumed after its logs were deleted', async () => {
    rmSync(`${place.cwd}/logs`, { recursive: true });
    await expectDone(place);
  });
});

/** A run of four items in two shards that is done. */
async function end(place: Place): Promise<void> {
  const shape = ['--shards', '2', '--batch-size', '2', '-p', '1', '--spares', '0'];
  expect(await place.end('run', worker('held'), '--items', 'a,b,c,d', ...shape, '-o', 'out.csv')).toMatchObject({ code: 0 });
}

describe('a run that has ended', () => {
  const place = placeAfter(end);

  test('can be resumed from any line of its journal', { timeout: 120_000 }, async () => {
    const lines = journalOf(place).trimEnd().split('\n');
    const saved = new Place();
    copy(place.cwd, saved.cwd);
    const types = lines.map((line) => parseLine(line)?.type);
    // Where a line of the same kind was cut off behind the same kind before, nothing is new.
    const pairs = types.map((type, at) => `${types[at - 1]} ${type}`);
    for (const [kept, pair] of pairs.entries()) {
      if (pairs.indexOf(pair) < kept) continue;
      restore(place, saved);
      rmSync(join(place.cwd, 'out.csv'));
      writeFileSync(
        place.file('journal.ndjson'),
        lines
          .slice(0, kept)
          .map((line) => `${line}\n`)
          .join(''),
      );
      await expectDone(place, ['a', 'b', 'c', 'd']);
    }
  });

  test.each([
    ['half a line', (journal: string) => journal.slice(0, journal.indexOf('\n') / 2)],
    ['a line with a wrong checksum', (journal: string) => `${journal.slice(0, journal.indexOf('\n') - 2)}x}\n`],
    ['zeros', () => '\0'.repeat(5000)],
    ['half a character', () => Buffer.from('🐎').subarray(0, 2)],
  ])('whose journal has %s at its end can be looked at and resumed', async (_, tail) => {
    appendFileSync(place.file('journal.ndjson'), tail(journalOf(place)));
    expect(await place.end('status')).toMatchObject({ code: 0 });
    await expectDone(place, ['a', 'b', 'c', 'd']);
  });

  test('whose journal has a bad line in its middle is refused, by file and line', async () => {
    const lines = journalOf(place).split('\n');
    lines[3] = lines[3]?.replace('"at":1', '"at":2') ?? '';
    writeFileSync(place.file('journal.ndjson'), lines.join('\n'));
    const before = journalOf(place);
    for (const command of ['resume', 'rerun', 'status', 'merge']) {
      const { code, stderr } = await place.end(command);
      expect([command, code, stderr]).toEqual([command, 2, expect.stringMatching(/journal\.ndjson:4: /)]);
    }
    expect(journalOf(place)).toBe(before);
  });

  test('with a damaged part is not merged; the message names the part, and a rerun of its shard mends it', async () => {
    const part = place.file('parts', 'shard-00001.batch-00000.attempt-1.csv');
    damage(part, 5);
    place.write('out.csv', 'the earlier output');
    for (const command of ['merge', 'resume']) {
      const { code, stderr } = await place.end(command);
      expect([command, code, stderr]).toEqual([command, 4, expect.stringContaining('shard-00001.batch-00000.attempt-1.csv')]);
      expect(stderr).toContain('shardyard rerun r --shards 1');
    }
    expect(place.read('out.csv')).toBe('the earlier output');
    expect(await place.end('rerun', '--shards', '1')).toMatchObject({ code: 0 });
    expect(place.read('out.csv')).toBe(heldCsv(['a', 'b', 'c', 'd']));
  });

  test('with a part that is gone is not merged either', async () => {
    rmSync(place.file('parts', 'shard-00000.batch-00000.attempt-1.csv'));
    expect(await place.end('merge')).toMatchObject({ code: 4, stderr: expect.stringContaining('shard-00000.batch-00000.attempt-1.csv') });
    expect(await place.end('rerun', '--shards', '0')).toMatchObject({ code: 0 });
    expect(place.read('out.csv')).toBe(heldCsv(['a', 'b', 'c', 'd']));
  });

  test('of which single items were done again verifies these by their ledger', async () => {
    expect(await place.end('rerun', '--items', 'b')).toMatchObject({ code: 0 });
    expect(await place.end('merge')).toMatchObject({ code: 0 });
    // Of the first attempt at shard 0, only the rows of `a` are wanted now.
    const part = place.file('parts', 'shard-00000.batch-00000.attempt-1.csv');
    damage(part, readFileSync(part).length - 3);
    expect(await place.end('merge')).toMatchObject({ code: 0 });
    expect(place.read('out.csv')).toBe(heldCsv(['a', 'b', 'c', 'd']));
    damage(part, 3);
    expect(await place.end('merge')).toMatchObject({ code: 4, stderr: expect.stringContaining('shard-00000.batch-00000.attempt-1.csv') });
  });
});
