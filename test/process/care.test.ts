import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { BIN } from '../cli/support.ts';
import { exitOf, Place } from './support.ts';
import { csvOf, executed, WORKER } from './workers.ts';

/** A worker whose items are names of what they do. */
const doing = (deeds: string, more = ''): string =>
  `const deeds = { ${deeds} };\nexport default { columns: ['item', 'attempt'], ${more} process: async (item, ctx) => { await deeds[item]?.(item, ctx); return { item, attempt: ctx.attempt }; } };\n`;

/** What `shardyard plan` would do with twelve items. */
const planned = async (place: Place, ...flags: readonly string[]): Promise<unknown> =>
  JSON.parse((await place.shardyard('plan', 'w.mjs', '--items', '0:12', '--json', ...flags)).stdout);

describe('tries', () => {
  test('an item that throws is tried again after a pause, one that says it is pointless is not', async () => {
    const place = new Place({
      'w.mjs': doing(`
        once: (_, { attempt }) => { if (attempt === 1) throw new TypeError('not yet'); },
        always: () => { throw new Error('never'); },
        pointless: () => { throw Object.assign(new Error('no such symbol'), { name: 'UnrecoverableError' }); }`),
    });
    const since = performance.now();
    const { code, stderr } = await place.run('--items', 'a,once,always,pointless,b', '--retries', '1');
    expect([code, stderr]).toEqual([1, expect.stringContaining('shardyard rerun r --failed')]);
    expect(performance.now() - since).toBeGreaterThan(1000);
    expect(place.read('out.csv')).toBe('item,attempt\na,1\nonce,2\nb,1\n');
    expect(place.report()).toMatchObject({
      retries: 2,
      failures: [
        { key: 'always', cause: 'error', message: 'never', tries: 2, log: 'logs/r/shard-00000.log' },
        { key: 'pointless', cause: 'error', message: 'no such symbol', tries: 1 },
      ],
    });
    expect(
      place
        .events('tried')
        .map(({ key, tries }) => [key, tries])
        .toSorted(),
    ).toEqual([
      ['always', 1],
      ['once', 1],
    ]);
  });

  test('--max-failures decides the exit code only', async () => {
    const place = new Place({ 'w.mjs': WORKER, 'bad.txt': 'b\nc\nd' });
    const codes: Record<string, number | null> = {};
    codes['2'] = (await place.run('--items', 'a,b,c,d,e,f', '--retries', '0', '--max-failures', '2')).code;
    for (const most of ['3', '50%', '49%']) codes[most] = (await place.rerun('--max-failures', most)).code;
    expect(codes).toEqual({ '2': 1, '3': 0, '50%': 0, '49%': 1 });
    expect(place.read('out.csv')).toBe(csvOf(['a', 'e', 'f']));
  });

  test.each(['soon,fail=2', 'now,fail=30%'])('--halt %s stops early, and the run can be resumed', async (halt) => {
    const place = new Place({ 'w.mjs': WORKER, 'bad.txt': 'b\nc' });
    const stopped = await place.run('--items', 'a,b,c,d,e,f', '--retries', '0', '--batch-size', '1', '--halt', halt);
    expect(stopped).toMatchObject({ code: 3, stderr: expect.stringContaining('shardyard resume r') });
    expect(place.report()).toMatchObject({ state: 'stopped', items: { total: 6, done: 1, failed: 2, owed: 3 }, output: null });
    place.write('bad.txt');
    expect(await place.resume()).toMatchObject({ code: 0 });
    expect(place.read('out.csv')).toBe(csvOf(['a', 'b', 'c', 'd', 'e', 'f']));
    expect(executed(place)).toEqual(['a', 'b', 'b', 'c', 'c', 'd', 'e', 'f']);
  });
});

describe('limits', () => {
  // Blocked, but not at the expense of everybody else on this machine.
  const ENDLESS = doing(`
    busy: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
    hung: () => new Promise((resolve) => setInterval(() => {}, 1000))`);

  test('--item-timeout ends a busy item and a hung one, and nothing else', async () => {
    const place = new Place({ 'w.mjs': ENDLESS });
    const { code } = await place.run('--items', 'a,busy,b,hung,c', '--retries', '0', '--item-timeout', '2500ms', '--batch-size', '5');
    expect(code).toBe(1);
    expect(place.report().failures).toMatchObject([
      { key: 'busy', cause: 'item-timeout', tries: 1, message: expect.stringContaining('2.5s') },
      { key: 'hung', cause: 'item-timeout', tries: 1 },
    ]);
    expect(place.read('out.csv')).toBe('item,attempt\na,1\nb,1\nc,1\n');
  });

  test('--batch-timeout too', async () => {
    const place = new Place({ 'w.mjs': ENDLESS });
    const { code } = await place.run('--items', 'a,busy,b', '--retries', '0', '--batch-timeout', '3s', '--batch-size', '3');
    expect(code).toBe(1);
    expect(place.report().failures).toMatchObject([{ key: 'busy', cause: 'batch-timeout', tries: 1 }]);
    expect(place.read('out.csv')).toBe('item,attempt\na,1\nb,1\n');
  });

  test.each(['1', '3'])('--max-rss retires a child after its item; nothing is lost or done twice, concurrency %s', async (concurrency) => {
    const leak = `
      import { appendFileSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      const kept = [];
      export default { columns: ['item'], process: async (item) => {
        appendFileSync('executed.txt', item + '\\n');
        kept.push(Buffer.alloc(8 << 20, 1));
        await sleep(250);
        return { item };
      } };`;
    const place = new Place({ 'w.mjs': leak });
    const items = Array.from({ length: 14 }, (_, item) => `i${item}`);
    const { code } = await place.run(
      '--items',
      items.join(','),
      '--batch-size',
      '14',
      '--max-rss',
      '100MB',
      '--retries',
      '0',
      '--concurrency',
      concurrency,
    );
    expect(code).toBe(0);
    expect(place.events('child-told').filter(({ why, how }) => why === 'rss-limit' && how === 'message').length).toBeGreaterThan(0);
    expect(place.report().children).toMatchObject({ died: 0 });
    expect(place.events('limit-near').every(({ limit }) => limit === 'rss-limit')).toBe(true);
    expect(place.read('out.csv')).toBe(`item\n${items.join('\n')}\n`);
    expect(executed(place)).toEqual(items.toSorted());
  });
});

describe('a worker', () => {
  test('that cannot be set up ends the run after three children, and says why', async () => {
    const place = new Place({ 'w.mjs': doing('', "setup: () => { throw new Error('no model file'); },") });
    const { code, stderr } = await place.run('--items', 'a,b');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/no model file/)]);
    expect(place.events('child-ended').map(({ cause }) => cause)).toEqual(['setup-failed', 'setup-failed', 'setup-failed']);
    expect(place.report()).toMatchObject({ state: 'stopped', items: { owed: 2 } });
    expect(place.read('logs/r/setup.log')).toContain('no model file');
  });

  test('that talks on its channel, prints megabytes, throws in teardown, and prints to stderr is harmless', async () => {
    const place = new Place({
      'w.mjs': doing(
        `junk: () => {
          for (const message of ['x', 7, null, [], {}, { type: 'receipt' }, { type: 'progress', settled: 'x' }, { type: 'halved' }, { type: 'tried' }, { type: 'no' }])
            process.send(message);
        },
        loud: () => { for (let at = 0; at < 20; at++) console.log('x'.repeat(100_000)); console.error('complaint'); }`,
        "teardown: () => { throw new Error('cannot close'); },",
      ),
    });
    const { code, stdout, stderr } = await place.run('--items', 'a,junk,loud,b', '--batch-size', '2');
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr.length).toBeLessThan(2000);
    expect(place.read('out.csv')).toBe('item,attempt\na,1\njunk,1\nloud,1\nb,1\n');
    const log = place.read('logs/r/shard-00000.log');
    expect(log.length).toBeGreaterThan(2_000_000);
    expect(log).toMatch(/complaint[^]*cannot close/);
    expect(place.report()).toMatchObject({ children: { died: 0 }, warnings: [] });
  });

  test('is given its own defaults where nobody says otherwise', async () => {
    const files = { 'w.mjs': doing('', 'defaults: { shards: 3, batchSize: 2, processes: 1, concurrency: 4 },') };
    expect(await planned(new Place(files))).toMatchObject({ processes: 1, batchSize: 2, concurrency: 4, shards: { length: 3 } });
    const place = new Place({ ...files, 'shardyard.yaml': 'shards: 2\nbatchSize: 5\n' });
    expect(await planned(place, '--batch-size', '1')).toMatchObject({ batchSize: 1, concurrency: 4, shards: { length: 2 } });
  });
});

test('items can be piped in', () => {
  const place = new Place({ 'w.mjs': WORKER });
  const args = [BIN, 'run', 'w.mjs', '--items', '-', ...place.options([])];
  const { status } = spawnSync(process.execPath, args, { cwd: place.cwd, input: 'a\n\nb, "c"\r\nd', encoding: 'utf8' });
  expect(status).toBe(0);
  expect(executed(place)).toEqual(['a', 'b, "c"', 'd']);
  expect(place.report().items).toEqual({ total: 3, done: 3, failed: 0, owed: 0 });
});

test('Ctrl-C while the items are listed ends at once, with nothing left', async () => {
  const place = new Place({ 'w.mjs': "console.log('importing');\nawait new Promise((resolve) => setInterval(() => {}, 1000));\n" });
  const before = place.everything();
  const child = place.start('run', 'w.mjs', '--items', 'a');
  await once(child.stderr, 'data');
  let said = '';
  child.stderr.on('data', (text: string) => void (said += text));
  child.kill('SIGINT');
  expect(await exitOf(child)).toBe(130);
  expect(said).toMatch(/stopped by SIGINT before anything was started: give the same command again/);
  expect(place.everything()).toEqual(before);
});
