import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { folder, shardyard, start } from './support.ts';
import type { Readable } from 'node:stream';
import type { Ended } from './support.ts';

/** Fails for the item `bad` until there is a file `mended`; holds the item `slow` until there is a file `go`. Logs every item. */
const WORKER = `
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export default {
  columns: ['item', 'length'],
  process: async (item, { log }) => {
    log('begin', item);
    if (item === 'bad' && !existsSync('mended')) throw new Error('not mended');
    while (item === 'slow' && !existsSync('go')) await sleep(10);
    return { item, length: item.length };
  },
};
`;

const workspace = (files: Readonly<Record<string, string>> = {}): string => folder({ 'w.mjs': WORKER, ...files });

/** Runs the worker with one child, quietly, as the run `r`, unless told otherwise. */
async function run(cwd: string, items: string, more: readonly string[] = [], name = 'r', progress = 'none'): Promise<Ended> {
  const args = ['run', 'w.mjs', '--items', items, '-p', '1', '--spares', '0', '--retries', '0', '--name', name, '--progress', progress];
  return shardyard([...args, ...more], { cwd });
}

/** Reads lines until one of them is as wanted; fails when the stream ends before. */
async function lineWith(stream: Readable, wanted: string | RegExp): Promise<string> {
  for await (const line of createInterface({ input: stream })) if (line.match(wanted)) return line;
  throw new Error(`ended without ${wanted}`);
}

describe('run', () => {
  test('merges, sums up on stderr, and leaves stdout to programs', async () => {
    const cwd = workspace();
    const { code, stdout, stderr } = await run(cwd, 'a,bb,ccc', ['-o', 'out.csv']);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('Run r: done');
    expect(readFileSync(join(cwd, 'out.csv'), 'utf8')).toBe('item,length\na,1\nbb,2\nccc,3\n');
  });

  test('takes the worker and options from shardyard.yaml, and flags before it', async () => {
    const cwd = workspace({
      'shardyard.yaml': 'worker: w.mjs\nitems: a,b,c\nshards: 3\nlimit: 1\nname: from-file\nprocesses: 1\nspares: 0\noutput: out.csv\n',
    });
    const { code } = await shardyard(['run', '--limit', '2', '--progress', 'none'], { cwd, env: { SHARDYARD_ITEMS: 'x,y,z' } });
    expect(code).toBe(0);
    expect(readFileSync(join(cwd, 'out.csv'), 'utf8')).toBe('item,length\nx,1\ny,1\n');
    expect(existsSync(join(cwd, 'data/runs/from-file'))).toBe(true);
  });

  test('--progress json prints the events, one a line', async () => {
    const cwd = workspace();
    const { code, stdout } = await run(cwd, 'a,b', [], 'r', 'json');
    expect(code).toBe(0);
    const types = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect([types[0], types.at(-1)]).toEqual(['opened', 'closed']);
    expect(types).toContain('merged');
  });

  test('ends with 1 and the next command when an item fails; rerun mends it', async () => {
    const cwd = workspace();
    const failed = await run(cwd, 'a,bad,c');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/shardyard rerun r --failed\n/);

    const { stdout } = await shardyard(['status', 'r'], { cwd });
    expect(stdout).toMatch(/^ +1 {2}bad +0 {2}error +1 {2}not mended {2}logs/m);
    expect(stdout).toMatch(/to do again what failed: shardyard rerun r --failed\n$/);

    writeFileSync(join(cwd, 'mended'), '');
    expect((await shardyard(['rerun', '--progress', 'none'], { cwd })).code).toBe(0);
    expect(readFileSync(join(cwd, 'data/runs/r/w.csv'), 'utf8')).toBe('item,length\na,1\nbad,3\nc,1\n');
  });

  test('failures within tolerance are no failure', async () =>
    expect((await run(workspace(), 'a,bad', ['--max-failures', '50%'])).code).toBe(0));

  test('rerun does shards and items again', async () => {
    const cwd = workspace();
    await run(cwd, 'a,b,c,d', ['--shards', '2']);
    const again = async (...what: readonly string[]): Promise<number> => {
      const { code, stdout } = await shardyard(['rerun', ...what, '--progress', 'json'], { cwd });
      expect(code).toBe(0);
      const events = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; spans?: [number, number][] });
      return events
        .filter(({ type }) => type === 'committed')
        .flatMap(({ spans = [] }) => spans)
        .reduce((sum, [from, to]) => sum + to - from, 0);
    };
    expect(await again('--shards', '1')).toBe(2);
    expect(await again('--items', 'a')).toBe(1);
    expect(await again()).toBe(0);
  });

  test('SIGINT lets items in flight finish and can be resumed; SIGUSR1 tells how it stands', async () => {
    const cwd = workspace();
    const child = start(['run', 'w.mjs', '--items', 'slow,b,c', '-p', '1', '--spares', '0', '--name', 'r', '--progress', 'json'], { cwd });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const events = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const until = async (type: string): Promise<void> => {
      for (;;) {
        const { value, done } = await events.next();
        if (done) throw new Error(`ended without ${type}`);
        if ((JSON.parse(String(value)) as { type: string }).type === type) return;
      }
    };
    await until('dispatched');
    child.kill('SIGUSR1');
    expect(await lineWith(child.stderr, /^r working/)).toMatch(/^r working {2}0\/3 items/);
    child.kill('SIGINT');
    await until('child-told');
    writeFileSync(join(cwd, 'go'), '');
    for await (const _ of events);
    expect(await ended).toBe(130);

    expect(JSON.parse((await shardyard(['status', '--json'], { cwd })).stdout)).toMatchObject({ run: 'r', state: 'stopped' });
    const resumed = await shardyard(['resume', '--progress', 'none'], { cwd });
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringContaining('Run r: done') });
    expect(readFileSync(join(cwd, 'data/runs/r/w.csv'), 'utf8')).toBe('item,length\nslow,4\nb,1\nc,1\n');
  });

  test('what init wrote runs as it is, and its test passes', async () => {
    const cwd = folder();
    mkdirSync(join(cwd, 'node_modules'));
    symlinkSync(fileURLToPath(new URL('../..', import.meta.url)), join(cwd, 'node_modules/shardyard'));
    expect((await shardyard(['init', 'prices'], { cwd })).stderr).not.toContain('npm install');
    expect(await shardyard(['run', '-p', '1', '--progress', 'none', '-o', 'out.csv'], { cwd })).toMatchObject({ code: 0 });
    const lines = readFileSync(join(cwd, 'out.csv'), 'utf8').split('\n');
    expect([lines.length, lines[0], lines[8]]).toEqual([102, 'item,length', 'item-7,6']);
    // Not as a part of this test run, which node --test would take it for.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { status, stdout } = spawnSync(process.execPath, ['--test', 'prices.test.ts'], { cwd, env, encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/pass 1\n/)]);
  });
});

describe('plan', () => {
  test('shows what run would do, and does nothing', async () => {
    const cwd = workspace();
    const args = ['plan', 'w.mjs', '--items', '0:10', '--shards', '3', '-p', '2'];
    expect((await shardyard(args, { cwd })).stdout).toMatch(/^w\.mjs: 10 items in 3 shards|^w: 10 items in 3 shards/);
    const preview = JSON.parse((await shardyard([...args, '--json'], { cwd })).stdout) as { shards: { start: number; end: number }[] };
    expect(preview.shards.map(({ start: from, end }) => [from, end])).toEqual([
      [0, 4],
      [4, 7],
      [7, 10],
    ]);
    expect(existsSync(join(cwd, 'data/runs'))).toBe(false);
  });
});

describe('a run that exists', () => {
  test('is listed, merged elsewhere, and cleaned away', async () => {
    const cwd = workspace();
    await run(cwd, 'a,b');
    expect(JSON.parse((await shardyard(['runs', '--json'], { cwd })).stdout)).toMatchObject([
      { run: 'r', state: 'done', items: 2, failed: 0 },
    ]);
    expect(await shardyard(['merge', '-o', 'else.csv'], { cwd })).toMatchObject({ code: 0, stdout: expect.stringMatching(/else\.csv\n$/) });
    expect(readFileSync(join(cwd, 'else.csv'), 'utf8')).toBe('item,length\na,1\nb,1\n');

    expect(await shardyard(['clean', 'r'], { cwd })).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(existsSync(join(cwd, 'data/runs/r'))).toBe(true);
    expect((await shardyard(['clean', 'r', '--yes'], { cwd })).code).toBe(0);
    expect([existsSync(join(cwd, 'data/runs/r')), existsSync(join(cwd, 'logs/r'))]).toEqual([false, false]);
    expect(await shardyard(['runs'], { cwd })).toEqual({ code: 0, stdout: '', stderr: 'no runs yet: start one with shardyard run\n' });
  });

  test('is suggested for one that does not', async () => {
    const cwd = workspace();
    expect(await run(cwd, 'a', [], 'prices-2026')).toMatchObject({ code: 0 });
    const verbs = ['status', 'logs', 'resume', 'rerun', 'merge', 'clean'];
    const answers = await Promise.all(verbs.map((verb) => shardyard([verb, 'prices-2025'], { cwd })));
    for (const { code, stdout, stderr } of answers) {
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^shardyard: there is no run "prices-2025".*prices-2026.*\n$/);
    }
  });
});

describe('logs', () => {
  test('have a prefix where there are several shards, and can be chosen', async () => {
    const cwd = workspace();
    await run(cwd, 'a,b', ['--shards', '2'], '7');
    const begun = async (...args: readonly string[]): Promise<string[]> => {
      const { code, stdout } = await shardyard(['logs', ...args], { cwd });
      expect(code).toBe(0);
      return stdout.split('\n').filter((line) => line.includes('begin'));
    };
    expect(await begun()).toEqual(['shard-00000 | begin a', 'shard-00001 | begin b']);
    // A single argument that looks like shards is shards, unless a run has that name.
    expect(await begun('1')).toEqual(['begin b']);
    expect(await begun('7')).toEqual(['shard-00000 | begin a', 'shard-00001 | begin b']);
    expect(await begun('7', '0-1')).toEqual(['shard-00000 | begin a', 'shard-00001 | begin b']);
    expect(await shardyard(['logs', '7', '0-2'], { cwd })).toMatchObject({
      code: 2,
      stderr: 'shardyard: the shards of 7: "0-2": there is no shard 2: the last shard is 1\n',
    });
  });

  test('-f goes on until the run ends', async () => {
    const cwd = workspace();
    const running = start(
      ['run', 'w.mjs', '--items', 'a,slow,c', '-p', '1', '--spares', '0', '--batch-size', '1', '--name', 'r', '--progress', 'json'],
      { cwd },
    );
    await lineWith(running.stdout, '"dispatched"');
    running.stdout.resume();
    running.stderr.resume();
    const following = start(['logs', '-f'], { cwd });
    const lines: string[] = [];
    for await (const line of createInterface({ input: following.stdout })) {
      lines.push(line);
      if (line === 'begin slow') writeFileSync(join(cwd, 'go'), '');
    }
    expect(lines.filter((line) => line.startsWith('begin'))).toEqual(['begin a', 'begin slow', 'begin c']);
  });

  test('that nobody reads any more end quietly', async () => {
    const cwd = workspace();
    await run(cwd, 'a');
    writeFileSync(join(cwd, 'logs/r/shard-00000.log'), 'line\n'.repeat(1_000_000));
    const child = start(['logs'], { cwd });
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    expect(complaints).toBe('');
  });
});
