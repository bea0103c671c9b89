import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { commandsOf } from '../support/commands.ts';
import { exitOf, Place } from './support.ts';
import { csvOf, executed, WORKER } from './workers.ts';

const workspace = (files: Readonly<Record<string, string>> = {}): Place => new Place({ 'w.mjs': WORKER, ...files });

/** Waits for something that happens unless the process ends before. */
async function until(what: string, happened: () => boolean, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  void ended.then(() => (isOver = true));
  while (!happened()) {
    if (isOver) throw new Error(`the run ended before ${what}`);
    await sleep(5);
  }
}

describe('P9: identity is the key', () => {
  test('a run that is interrupted, then killed, then finished, each time in another shape, does nothing twice', async () => {
    const place = workspace();
    const items = ['a', 'b', 'slow1', 'c', 'd', 'e', 'f', 'slow2', 'g', 'h', 'i'];
    const first = place.start('run', 'w.mjs', '--items', items.join(','), '-p', '1', '--batch-size', '4', '--name', 'r', '-o', 'out.csv');
    const interrupted = exitOf(first);
    await until('slow1 is held', () => place.lines('executed.txt').includes('slow1'), interrupted);
    first.kill('SIGINT');
    await until('it is told', () => place.events('child-told').length > 0, interrupted);
    place.write('go-slow1');
    expect(await interrupted).toBe(130);
    expect(executed(place)).toEqual(['a', 'b', 'slow1']);

    const second = place.start('resume', 'r', '--shards', '1', '--batch-size', '11');
    const killed = exitOf(second);
    await until('slow2 is held', () => place.lines('executed.txt').includes('slow2'), killed);
    second.kill('SIGKILL');
    await killed;
    await place.childrenGone();
    const before = executed(place);
    expect(before).toEqual(['c', 'd', 'e', 'f', 'slow2']);

    place.write('go-slow2');
    expect(await place.resume('-p', '2', '--shards', '5', '--batch-size', '2')).toMatchObject({ code: 0 });
    // Only what was in flight when everything died is done again.
    expect(executed(place)).toEqual(['g', 'h', 'i', 'slow2']);
    expect(place.read('out.csv')).toBe(csvOf(items));
  });

  test('another list: only what is owed is done, and the counts are told; what comes back is not done again', async () => {
    const place = workspace({ 'bad.txt': 'c' });
    expect(await place.run('--items', 'a,b,c,d,e,f', '--retries', '0', '--shards', '2')).toMatchObject({ code: 1 });
    expect(executed(place)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);

    // Reversed, with one at the front, one in the middle, and one left out. The failed one is owed, and fails again.
    place.write('list.txt', 'x\nf\ne\ny\nd\nc\na\n');
    const second = await place.shardyard('resume', 'r', '--items', 'list.txt', '--progress', 'plain');
    expect(second.code).toBe(1);
    expect(`${second.stdout}${second.stderr}`).toContain('4 done, 1 failed, 2 new, 1 no longer there');
    expect(executed(place)).toEqual(['c', 'x', 'y']);
    expect(place.read('out.csv')).toBe(csvOf(['x', 'f', 'e', 'y', 'd', 'a']));

    place.write('bad.txt');
    place.write('list.jsonl', ['b', 'a', 'c', 'd', 'y', 'x'].map((item) => `${JSON.stringify(item)}\n`).join(''));
    const third = await place.shardyard('resume', 'r', '--items', 'list.jsonl', '--progress', 'plain');
    expect(third.code).toBe(0);
    expect(`${third.stdout}${third.stderr}`).toMatch(/(4|5) done, 1 failed, (0|1) new, 2 no longer there/);
    expect(executed(place)).toEqual(['c']);
    expect(place.read('out.csv')).toBe(csvOf(['b', 'a', 'c', 'd', 'y', 'x']));

    expect(await place.resume('--items', 'a,b')).toMatchObject({ code: 0 });
    expect(await place.resume('--items', 'f,e,d,c,b,a', '--shards', '3')).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual([]);
    expect(place.read('out.csv')).toBe(csvOf(['f', 'e', 'd', 'c', 'b', 'a']));
    expect(place.report()).toMatchObject({ state: 'done', items: { total: 6, done: 6, failed: 0, owed: 0 } });
  });

  test('a worker that has changed: refused, --keep, --fresh', async () => {
    const place = workspace();
    await place.run('--items', 'a,b,c', '--shards', '2');
    expect(executed(place)).toEqual(['a', 'b', 'c']);
    place.write('w.mjs', WORKER.replace('two', 'TWO'));
    const before = place.everything();
    for (const verb of ['resume', 'rerun'] as const) {
      const refused = await place[verb]();
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/\.\/w\.mjs: the worker has changed.*--keep.*--fresh/) });
    }
    expect(place.everything()).toEqual(before);

    expect(await place.resume('--keep', '--items', 'a,b,c,d')).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual(['d']);
    expect(place.read('out.csv')).toBe(`${csvOf(['a', 'b', 'c'])}d,"""d"""\nd,"TWO\nlines"\n`);
    // Said once, it holds: the worker is known now.
    expect(await place.resume()).toMatchObject({ code: 0 });
    expect(await place.resume('--fresh')).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual(['a', 'b', 'c', 'd']);
    expect(place.read('out.csv')).toBe(csvOf(['a', 'b', 'c', 'd']).replaceAll('two', 'TWO'));
  });
});

describe('rerun', () => {
  test('of shards, items and what failed: as if nothing had ever failed', async () => {
    const items = ['a', 'b', 'c', 'd', 'e'];
    const place = workspace({ 'bad.txt': 'b\ne' });
    expect(await place.run('--items', items.join(','), '--shards', '2', '--retries', '0')).toMatchObject({ code: 1 });
    expect(place.report()).toMatchObject({ failedByCause: { error: 2 }, keptOldRows: [], next: 'shardyard rerun r --failed' });
    executed(place);

    place.write('bad.txt', 'e');
    expect(await place.rerun('--items', 'b')).toMatchObject({ code: 1 });
    expect(executed(place)).toEqual(['b']);
    expect(place.read('out.csv')).toBe(csvOf(['a', 'b', 'c', 'd']));

    place.write('bad.txt');
    expect(await place.rerun()).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual(['e']);
    expect(place.read('out.csv')).toBe(csvOf(items));

    expect(await place.rerun('--shards', '1')).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual(['d', 'e']);
    expect(place.read('out.csv')).toBe(csvOf(items));
    expect(await place.rerun('--failed')).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual([]);

    // Done items that fail now keep their rows, and the report says so.
    place.write('bad.txt', 'c\nd');
    const kept = await place.rerun('--items', 'c,d', '--retries', '0');
    expect(kept).toMatchObject({ code: 1, stderr: expect.stringMatching(/Kept rows +the old ones of 2 items .*c, d/) });
    expect(place.report()).toMatchObject({ state: 'failed', keptOldRows: ['c', 'd'], items: { total: 5, done: 5, failed: 2 } });
    expect(place.read('out.csv')).toBe(csvOf(items));
    executed(place);

    place.write('bad.txt');
    expect(await place.resume()).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual(['c', 'd']);
    expect(place.report()).toMatchObject({ state: 'done', keptOldRows: [], items: { done: 5, failed: 0 } });
    expect(place.read('out.csv')).toBe(csvOf(items));
  });
});

describe('refused, and nothing changed', () => {
  test('what a run does not have', async () => {
    const place = workspace();
    const schema = "{ '~standard': { version: 1, vendor: 'test', validate: ({ n = 1 }) => ({ value: { n } }) } }";
    place.write('w.mjs', `export default { params: ${schema}, process: (item) => ({ item }) };`);
    await place.run('--items', 'AAPL,MSFT', '--shards', '2', '--param', 'n=1');
    const before = place.everything();
    const cases: readonly (readonly [args: readonly string[], says: RegExp])[] = [
      [['rerun', 'r', '--shards', '2'], /there is no shard 2: the last shard is 1/],
      [['rerun', 'r', '--items', 'APPL'], /no item "APPL": did you mean "AAPL"\?/],
      [['resume', 'q'], /there is no run "q" in data\/runs: .*shardyard runs/],
      [['resume', '../r'], /the run name "\.\.\/r".*use letters/],
      [['run', 'w.mjs', '--items', 'a', '--name', 'r'], /there is a run r already: .*`shardyard resume r`.*--name/],
      [['resume', 'r', '--param', 'n=2'], /parameters of a run cannot change.*start another run/],
      [['resume', 'r', '--items', 'gone.txt'], /gone\.txt: there is no such file/],
      [['resume', 'r', '--items', 'a,a'], /same key.*"a"/],
      [['resume', 'r', '-o', 'w.mjs/x.csv'], /w\.mjs is not a folder: choose another --output/],
      [['merge', 'r', '-o', 'out.xlsx'], /no format is called/],
    ];
    const ends = await commandsOf(cases.map(([args]) => ({ cwd: place.cwd, args })));
    for (const [at, [, says]] of cases.entries()) expect(ends[at]).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
    expect(place.everything()).toEqual(before);
    expect(await place.resume('--param', 'n=1')).toMatchObject({ code: 0 });
  });

  test('a manifest that is newer, or none', async () => {
    const place = workspace();
    await place.run('--items', 'a,b');
    const file = 'data/runs/r/manifest.json';
    const manifest = place.read(file);
    const newer = manifest.replace('"version": 1', '"version": 99');
    for (const [text, says, verbs] of [
      [newer, /manifest\.json: was written by a newer Shardyard \(format 99; .*update/, ['status', 'resume', 'rerun', 'merge', 'logs']],
      ['{"version', /manifest\.json: is not JSON any more: restore it/, ['resume', 'status']],
      ['[]', /manifest\.json: is not a file of Shardyard: restore it/, ['resume']],
    ] as const) {
      place.write(file, text);
      const before = place.everything();
      for (const verb of verbs)
        expect(await place.shardyard(verb, 'r')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
      expect(place.everything()).toEqual(before);
    }
    expect((await place.shardyard('runs')).stdout).toMatch(/^r +unreadable/m);
  });
});
