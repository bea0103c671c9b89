import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Status } from '../../src/core/report.ts';
import { exitOf, Place } from './support.ts';
import { csvOf, WORKER } from './workers.ts';

const status = async (place: Place): Promise<Status> => JSON.parse((await place.shardyard('status', 'r', '--json')).stdout) as Status;

describe('why a run was stopped', () => {
  test('setup threw: the summary, the report and status have its message, its log and what to do', async () => {
    const place = new Place({
      'w.mjs': `import { existsSync } from 'node:fs';
        const setup = () => { if (!existsSync('db')) throw new Error('no database at db:5432'); };
        export default { setup, process: (item) => ({ item }) };`,
    });
    const { code, stderr } = await place.run('--items', 'a,b');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Stopped +the worker cannot be set up: no database at db:5432\n +log logs\/r\/setup\.log\n/);
    expect(stderr).toMatch(/What to do\n +setup-failed /);
    const stopped = { why: 'setup', message: 'no database at db:5432', log: 'logs/r/setup.log' };
    expect(place.report()).toMatchObject({ state: 'stopped', stopped });
    expect(await status(place)).toMatchObject({ state: 'stopped', stopped, items: { total: 2, done: 0, waiting: 2 } });
    expect((await place.shardyard('status')).stdout).toContain('stopped: the worker cannot be set up: no database at db:5432\n');
    // A session that begins anew has not been stopped.
    place.write('db');
    expect(await place.resume()).toMatchObject({ code: 0 });
    expect([place.report().stopped, (await status(place)).stopped]).toEqual([null, null]);
  });

  test('--halt: which rule', async () => {
    const place = new Place({ 'w.mjs': WORKER, 'bad.txt': 'b\nc' });
    const { stderr } = await place.run('--items', 'a,b,c,d,e,f', '--retries', '0', '--batch-size', '1', '--halt', 'soon,fail=2');
    expect(stderr).toMatch(/Stopped .*--halt\s+allows:\s+2\s+of\s+6\s+items,\s+--halt\s+soon,fail=2\n/);
    expect(place.report().stopped).toEqual({ why: 'halt', message: '2 of 6 items, --halt soon,fail=2', log: null });
    expect((await status(place)).stopped).toEqual({ why: 'halt', message: '2 of 6 items', log: null });
  });
});

describe('status', () => {
  test('of a rerun, while it goes on and after it was killed, counts every item once', async () => {
    const items = ['a', 'b', 'slow1', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
    const place = new Place({ 'w.mjs': WORKER, 'go-slow1': '' });
    expect(await place.run('--items', items.join(','), '--shards', '2', '--batch-size', '1')).toMatchObject({ code: 0 });
    rmSync(join(place.cwd, 'go-slow1'));
    place.write('executed.txt');
    const again = place.start('rerun', 'r', '--shards', '0', '-p', '1', '--spares', '0');
    const over = exitOf(again);
    while (!place.lines('executed.txt').includes('slow1')) await sleep(5);
    // A child goes on before the journal has what it handed in.
    while (place.events('committed').length < 12) await sleep(5);
    const redone = await status(place);
    expect(redone.items).toEqual({ total: 10, done: 7, failed: 0, running: 1, waiting: 2 });
    expect(redone.shards.map(({ done }) => done)).toEqual([2, 5]);
    again.kill('SIGKILL');
    await over;
    const left = await status(place);
    expect(left.items).toEqual({ total: 10, done: 7, failed: 0, running: 0, waiting: 3 });
    expect((await place.shardyard('runs')).stdout).toMatch(/^r +interrupted +10 +7 +0 /m);
  });
});

describe('many failures', () => {
  test('are all counted, and the first thousand are listed, each with the beginning of its message', async () => {
    const place = new Place({
      'w.mjs':
        "export default { columns: ['x'], process: (item) => { if (item > 0) throw new Error('long '.repeat(400)); return { x: 1 }; } };",
    });
    const { code, stderr } = await place.run('--items', '0:1501', '--retries', '0');
    expect([code, stderr]).toEqual([1, expect.stringContaining('Failures, the first 1,000 of 1,500\n')]);
    const report = place.report();
    expect(report).toMatchObject({ items: { total: 1501, done: 1, failed: 1500 }, failedByCause: { error: 1500 }, failuresLeftOut: 500 });
    expect(report.failures.map(({ index }) => index)).toEqual(Array.from({ length: 1000 }, (_, at) => at + 1));
    expect(report.failures[0]?.message).toMatch(/^long .{190,}…$/);
    const seen = await status(place);
    expect([seen.items.failed, seen.failures.length, seen.failuresLeftOut]).toEqual([1500, 1000, 500]);
    expect(place.read('logs/r/shard-00000.log')).toContain('long '.repeat(400));
  });
});

describe('merge --partial', () => {
  test('never takes the name that only all rows may have', async () => {
    const place = new Place({ 'w.mjs': WORKER, 'bad.txt': 'b' });
    await place.run('--items', 'a,b,c', '--retries', '0', '--batch-size', '1', '--halt', 'soon,fail=1', '-o', 'out.v2.csv');
    expect(await place.shardyard('merge', 'r', '--data-dir', './data')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/`shardyard resume r --data-dir \.\/data`, or .* `shardyard merge r --partial --data-dir \.\/data`/),
    });
    expect(await place.shardyard('merge', 'r', '--partial')).toMatchObject({ code: 0, stdout: './out.v2.partial.csv\n' });
    expect(place.read('out.v2.partial.csv')).toBe(csvOf(['a']));
    expect(Object.keys(place.everything()).filter((name) => name.startsWith('out.'))).toEqual([
      'out.v2.partial.csv',
      'out.v2.partial.csv.meta.json',
    ]);
    expect(await place.shardyard('merge', 'r', '--partial', '-o', 'mine.csv')).toMatchObject({ stdout: './mine.csv\n' });

    place.write('bad.txt');
    expect(await place.resume('-o', 'all.csv.gz')).toMatchObject({ code: 0 });
    // A finished run has all rows.
    expect(await place.shardyard('merge', 'r', '--partial')).toMatchObject({ code: 0, stdout: './out.v2.csv\n' });
    expect(place.read('out.v2.csv')).toBe(csvOf(['a', 'b', 'c']));
  });

  test('keeps both endings of a packed output', async () => {
    const place = new Place({ 'w.mjs': WORKER, 'bad.txt': 'b' });
    await place.run('--items', 'a,b,c', '--retries', '0', '--batch-size', '1', '--halt', 'soon,fail=1', '-o', 'o.d/out.csv.gz');
    expect(await place.shardyard('merge', 'r', '--partial')).toMatchObject({ code: 0, stdout: './o.d/out.partial.csv.gz\n' });
  });
});

describe('a run that is not there', () => {
  test('commands name the folder that was asked about', async () => {
    expect(await new Place().shardyard('status', '--data-dir', 'elsewhere')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('`shardyard run --data-dir elsewhere`'),
    });
  });
});
