import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Place } from './support.ts';

/** What an item does is said by the line of `plan.txt` that begins with it: names of artifacts, and words in brackets. */
const WORKER = `
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
const todo = (item) => readFileSync('plan.txt', 'utf8').split('\\n').find((line) => line.startsWith(item + ' '))?.split(' ').slice(1) ?? [];
export default {
  columns: ['item'],
  process(item, { artifact, attempt }) {
    for (const word of todo(item)) {
      if (word === '[throw]') throw new Error('thrown');
      else if (word === '[once]') { if (attempt === 1) throw new Error('once'); }
      else if (word === '[forget]') artifact('forgotten');
      else if (word === '[folder]') mkdirSync(artifact('folder'));
      else if (word === '[beside]') writeFileSync(join(dirname(artifact('x')), 'beside'), ''), writeFileSync(artifact('x'), '');
      else writeFileSync(artifact(word), item + ' ' + word + readFileSync('version.txt', 'utf8'));
    }
    return { item };
  },
};
`;

const lines = (todo: Readonly<Record<string, string>>): string =>
  Object.entries(todo)
    .map(([item, words]) => `${item} ${words}\n`)
    .join('');

function place(todo: Readonly<Record<string, string>>): Place {
  return new Place({ 'w.mjs': WORKER, 'plan.txt': lines(todo), 'version.txt': '1' });
}

/** The artifacts of the run with what is in them; nothing is left elsewhere. */
function artifacts(at: Place): Record<string, string> {
  const run = join(at.cwd, 'data/runs/r');
  expect(readdirSync(run)).not.toContain('staged');
  return Object.fromEntries(
    Object.entries(at.everything('data/runs/r/artifacts')).map(([name, text]) => [name.slice('data/runs/r/artifacts/'.length), text]),
  );
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('items that are done have their artifacts, others have none, and two cannot have the same', async () => {
  const at = place({
    a: 'a.bin deep/er/a.bin',
    b: '[once] b.bin',
    c: 'c.bin [throw]',
    d: 'd.bin [forget]',
    e: '/e.bin',
    f: 'x/../e',
    g: 'a.bin',
    h: 'deep',
    i: 'a.bin/i',
    j: '[folder]',
    k: '[beside]',
  });
  expect(await at.run('--items', 'a,b,c,d,e,f,g,h,i,j,k,l', '--batch-size', '12', '--retries', '1')).toMatchObject({ code: 1 });
  expect(artifacts(at)).toEqual({
    'a.bin': 'a a.bin1',
    'deep/': '',
    'deep/er/': '',
    'deep/er/a.bin': 'a deep/er/a.bin1',
    'b.bin': 'b b.bin1',
  });
  const report = at.report();
  expect(Object.fromEntries(report.failures.map(({ key, message }) => [key, message]))).toEqual({
    c: 'thrown',
    d: 'the item has asked for the artifact "forgotten" and written no such file',
    e: 'the artifact "/e.bin" cannot be: its name is an absolute path',
    f: 'the artifact "x/../e" cannot be: its name has ".." in it',
    g: '"g" has made the artifact "a.bin", which is the one of the item "a"',
    h: '"h" has made the artifact "deep", which is a folder with artifacts of other items',
    i: '"i" has made the artifact "a.bin/i", but "a.bin" is the artifact of the item "a"',
    j: 'the artifact "folder" is not a file',
    k: 'the item has written "beside" beside its artifacts: ask for it with ctx.artifact',
  });
  expect(at.read('out.csv')).toBe('item\na\nb\nl\n');
  const listed = [
    { key: 'a', name: 'a.bin', bytes: 8, sha256: sha256('a a.bin1') },
    { key: 'a', name: 'deep/er/a.bin', bytes: 16, sha256: sha256('a deep/er/a.bin1') },
    { key: 'b', name: 'b.bin', bytes: 8, sha256: sha256('b b.bin1') },
  ];
  expect(JSON.parse(at.read('out.csv.meta.json'))).toMatchObject({ artifacts: listed });
  expect(report.artifacts).toEqual({ folder: 'data/runs/r/artifacts', count: 3, bytes: 32, files: listed });
  expect(at.events('committed').flatMap(({ receipt }) => receipt.artifacts ?? [])).toMatchObject(
    [0, 0, 1].map((index, at_) => ({ index, ...listed[at_] })),
  );
});

test('a rerun replaces artifacts when it is committed, and a new list takes those of items away that are gone', async () => {
  const at = place({ a: 'a.bin old/a.bin', b: 'b.bin', c: 'c.bin', d: 'd.bin' });
  const run = await at.run('--items', 'a,b,c,d', '-p', '2', '--concurrency', '2');
  expect(run.code, run.stderr).toBe(0);
  const rest = { 'b.bin': 'b b.bin1', 'c.bin': 'c c.bin1', 'd.bin': 'd d.bin1' };
  expect(artifacts(at)).toEqual({ ...rest, 'a.bin': 'a a.bin1', 'old/': '', 'old/a.bin': 'a old/a.bin1' });

  // One fails and keeps all it had; the other's are others now, one of them a folder of what was a file.
  at.write('plan.txt', lines({ a: 'a.bin/x old', b: 'b.bin new.bin [throw]', c: 'c.bin', d: 'd.bin' }));
  at.write('version.txt', '2');
  const rerun = await at.rerun('--items', 'a,b', '--retries', '0');
  expect(rerun.code, rerun.stderr).toBe(1);
  expect(artifacts(at)).toEqual({ ...rest, 'a.bin/': '', 'a.bin/x': 'a a.bin/x2', old: 'a old2' });

  at.write('plan.txt', lines({ b: 'b.bin', e: 'c.bin' }));
  const resumed = await at.resume('--items', 'e,d,b');
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(artifacts(at)).toEqual({ 'b.bin': 'b b.bin2', 'c.bin': 'e c.bin2', 'd.bin': 'd d.bin1' });
  expect(JSON.parse(at.read('out.csv.meta.json'))).toMatchObject({ artifacts: [{ key: 'e' }, { key: 'd' }, { key: 'b' }] });

  rmSync(join(at.cwd, 'data/runs/r/artifacts/d.bin'));
  const merged = await at.shardyard('merge', 'r');
  expect(merged).toMatchObject({ code: 4 });
  expect(merged.stderr).toContain('artifacts/d.bin: the artifact of "d" is not there');
  expect(merged.stderr).toContain('shardyard rerun r --items=d');
  at.write('plan.txt', lines({ d: 'd.bin' }));
  expect(await at.rerun('--items', 'd')).toMatchObject({ code: 0 });
  expect(artifacts(at)).toMatchObject({ 'd.bin': 'd d.bin2' });

  const before = artifacts(at);
  const replayed = await at.shardyard('replay', 'r', 'd');
  expect(replayed).toMatchObject({ code: 0, stdout: 'item\nd\n' });
  expect(artifacts(at)).toEqual(before);
});
