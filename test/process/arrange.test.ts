import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Arrangement } from '../../src/core/arrangement.ts';
import { merge } from '../../src/index.ts';
import { readParquet } from '../../src/parquet.ts';
import { Place } from './support.ts';

/** Three rows an item; x is nothing in the third. */
const ROWS = `export default {
  columns: process.env.DECLARE ? ['sym', 'n', 'x', 'note'] : undefined,
  *process(sym) { for (let n = 0; n < 3; n++) yield { sym, n: (7 * n + sym.length) % 5, x: n === 2 ? null : sym.charCodeAt(0) / 2 - n * 10, note: n ? 'a "q", b' : 'line\\nbreak' }; },
};`;

const json = (place: Place, file: string): unknown[] => place.lines(file).map((line) => JSON.parse(line) as unknown);

test('sorted, unique and valid: the same whatever the parts are; refused rows are listed with their items and nothing is written', async () => {
  const place = new Place({ 'w.mjs': ROWS, 'd.mjs': ROWS.replace('process.env.DECLARE', 'true') });
  place.write(
    's.json',
    JSON.stringify({ type: 'object', properties: { n: { type: 'integer', maximum: 3 }, x: { type: 'number' } }, required: ['sym'] }),
  );
  place.write('wide.json', JSON.stringify({ type: 'object', required: ['sym', 'n'] }));
  const asked = ['--items', 'B,AA,CCC,D', '--sort', 'x:desc,sym', '--unique', 'sym,n', '--validate', 'wide.json'];
  expect(await place.run(...asked)).toMatchObject({ code: 0 });
  expect(await place.shardyard('run', 'd.mjs', ...place.options([...asked, '--name', 'd', '-o', 'd.csv', '-p', '2']))).toMatchObject({
    code: 0,
  });
  expect(place.bytes('d.csv').equals(place.bytes('out.csv'))).toBe(true);
  expect(JSON.parse(place.read('out.csv.meta.json'))).toMatchObject({
    rows: 12,
    sorted: ['x:desc', 'sym'],
    unique: ['sym', 'n'],
    validated: join(place.cwd, 'wide.json'),
  });
  // The run remembers; --as-is undoes it.
  expect(await place.shardyard('merge', 'r', '--as-is', '-o', 'plain.jsonl')).toMatchObject({ code: 0 });
  expect((json(place, 'plain.jsonl') as { sym: string }[]).map(({ sym }) => sym)).toEqual(
    ['B', 'AA', 'CCC', 'D'].flatMap((sym) => [sym, sym, sym]),
  );
  // From here on without a process for each.
  const at = (file: string): string => join(place.cwd, file);
  const mergeTo = async (run: string, file: string, more: Arrangement = {}): Promise<unknown> =>
    merge({ run, dataDir: at('data'), logsDir: at('logs'), output: at(file), ...more }).catch((error: unknown) => error);
  await mergeTo('r', 'again.jsonl');
  const rows = json(place, 'again.jsonl') as { sym: string; n: number; x: number | null }[];
  const sorted = 'D 34,CCC 33.5,B 33,AA 32.5,D 24,CCC 23.5,B 23,AA 22.5,AA null,B null,CCC null,D null';
  expect(rows.map(({ sym, x }) => `${sym} ${x}`).join(',')).toBe(sorted);
  await mergeTo('r', 'x.parquet', { sort: ['n'] });
  const found: unknown[] = [];
  for await (const row of readParquet(at('x.parquet'))) found.push(row['n']);
  expect(found).toEqual([0n, 0n, 0n, 1n, 1n, 1n, 2n, 2n, 3n, 3n, 3n, 4n]);

  const before = place.bytes('out.csv');
  const twice = await place.shardyard('merge', 'd', '-o', 'out.csv', '--unique', 'n');
  expect(twice.code).toBe(4);
  expect(twice.stderr).toContain(
    'out.csv: 11 rows do not have a key (n) of their own: item B (index 0), row 1: n 1; item AA (index 1), row 3: n 1',
  );
  expect(place.lines('out.csv.refused.csv').slice(0, 3)).toEqual(['index,key,row,where,what', '0,B,1,n,1', '1,AA,3,n,1']);
  expect(place.lines('out.csv.refused.csv')).toHaveLength(12);
  expect(place.bytes('out.csv').equals(before)).toBe(true);
  const number = 'must be number';
  for (const [run, wrong] of [
    ['r', [`0,B,3,/x,${number}`, '1,AA,2,/n,must be <= 3', `1,AA,3,/x,${number}`, `2,CCC,3,/x,${number}`, `3,D,3,/x,${number}`]],
    // An empty field of CSV is not there.
    ['d', ['1,AA,2,/n,must be <= 3']],
  ] as const) {
    const message: unknown = expect.stringContaining('item AA (index 1), row 2: /n must be <= 3');
    expect(await mergeTo(run, 'out.csv', { validate: at('s.json') })).toMatchObject({ exitCode: 4, message });
    expect(place.lines('out.csv.refused.csv').slice(1)).toEqual(wrong);
  }
  expect(place.bytes('out.csv').equals(before)).toBe(true);
  // What a killed merge left goes, and so does the list, whatever is asked this time.
  place.write('data/runs/d/rows.sqlite.killed.tmp');
  expect(await place.shardyard('merge', 'd', '--as-is', '-o', 'out.csv')).toMatchObject({ code: 0 });
  expect(existsSync(at('data/runs/d/rows.sqlite.killed.tmp'))).toBe(false);
  expect(existsSync(at('out.csv.refused.csv'))).toBe(false);

  place.write('bad.json', '{"type":"objekt"}');
  for (const [more, complaint, hint] of [
    [{ sort: ['n:dsc'] }, '--sort n:dsc: there is no direction "dsc"', 'n:asc or n:desc'],
    [{ sort: ['n', 'n:desc'] }, 'sorted by "n" twice', 'once'],
    [{ validate: at('nope.json') }, 'the schema cannot be read', 'path'],
    [{ validate: at('bad.json') }, 'the schema does not hold', 'correct'],
  ] as const) {
    const [message, way]: unknown[] = [expect.stringContaining(complaint), expect.stringContaining(hint)];
    expect(await mergeTo('r', 'out.csv', more)).toMatchObject({ exitCode: 2, message, hint: way });
  }
  // Of rows that declare no columns it shows once they are all there: then nothing is wrong with them.
  for (const [more, complaint, flag, nearest] of [
    [{ sort: ['nope'] }, '--sort: there is no column "nope"', '--sort', 'did you mean "note"?'],
    [{ unique: ['Sym'] }, '--unique: there is no column "Sym"', '--unique', 'did you mean "sym"?'],
  ] as const) {
    const hint: unknown = expect.stringMatching(new RegExp(`resume r .*${flag} ….*merge r .*--as-is.*${nearest.replace('?', '\\?')}`));
    for (const file of ['out.csv', 'out.jsonl'])
      expect(await mergeTo('r', file, more)).toMatchObject({ exitCode: 4, message: complaint, hint });
  }
  const never = ['--items', 'A', '--sort', 'nope', '--name', 'never'];
  expect(await place.shardyard('run', 'd.mjs', ...place.options(never))).toMatchObject({ code: 2 });
  expect(existsSync(at('data/runs/never'))).toBe(false);
  expect(readdirSync(at('data/runs/r')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a run whose merge is refused is stopped, says why and what goes on, and goes on', async () => {
  const place = new Place({ 'w.mjs': ROWS });
  const refused = await place.run('--items', 'B,AA', '--unique', 'n');
  expect(refused.code).toBe(4);
  const told = refused.stderr.replaceAll(/\s+/g, ' ');
  expect(told).toContain('Stopped the merge is refused: ./out.csv: 2 rows do not have a key (n) of their own: item B (index 0), row 1');
  for (const way of ['shardyard rerun r --items …', 'shardyard resume r --unique …', 'shardyard merge r --as-is'])
    expect(told).toContain(way);
  expect(place.report()).toMatchObject({
    state: 'stopped',
    exitCode: 4,
    stopped: { why: 'merge' },
    items: { done: 2, owed: 0 },
    output: null,
  });
  expect(place.lines('out.csv.refused.csv')).toHaveLength(3);
  const status = await place.shardyard('status', 'r');
  expect(status.stdout).toContain('stopped: the merge is refused: ./out.csv: 2 rows');
  // Other demands, and none.
  expect(await place.resume('--unique', 'sym,n')).toMatchObject({ code: 0 });
  expect(existsSync(join(place.cwd, 'out.csv.refused.csv'))).toBe(false);
  expect(await place.resume('--unique', 'n')).toMatchObject({ code: 4 });
  expect(await place.shardyard('merge', 'r', '--as-is')).toMatchObject({ code: 0 });
  expect(JSON.parse((await place.shardyard('status', 'r', '--json')).stdout)).toMatchObject({ state: 'done', stopped: null });
});

const GATED = `
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
export default {
  async *process(item) {
    while (item > 3 && !existsSync('go')) await setTimeout(20);
    for (let row = 0; row < 20_000; row++) yield { item, row };
  },
};`;

test('--partial while the run goes on, to any format; its own output is refused; what a killed sort leaves, the next session takes away', async () => {
  const place = new Place({ 'w.mjs': GATED });
  const run = place.start('run', 'w.mjs', '--items', '0:6', '--batch-size', '1', '-p', '1', '--name', 'r', '-o', 'out.csv');
  const closed = once(run, 'close');
  await vi.waitFor(() => expect(place.read('data/runs/r/journal.ndjson').split('"committed"').length).toBe(5), {
    timeout: 60_000,
    interval: 20,
  });
  expect(await place.shardyard('merge', 'r')).toMatchObject({ code: 2, stderr: expect.stringContaining('being worked on') });
  expect(await place.shardyard('merge', 'r', '--partial', '-o', 'out.csv')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('going on'),
  });
  expect(await place.shardyard('merge', 'r', '--partial')).toMatchObject({ code: 0, stdout: './out.partial.csv\n' });
  expect(place.lines('out.partial.csv')).toHaveLength(80_001);
  expect(await place.shardyard('merge', 'r', '--partial', '-o', 'so.parquet', '--sort', 'row:desc,item')).toMatchObject({ code: 0 });
  const first: unknown[] = [];
  for await (const row of readParquet(join(place.cwd, 'so.parquet'))) if (first.push(row) === 5) break;
  expect(first).toEqual([0, 1, 2, 3].map((item) => ({ item: String(item), row: 19_999n })).concat({ item: '0', row: 19_998n }));
  const sorting = place.start('merge', 'r', '--partial', '-o', 'killed.csv', '--sort', 'row');
  const killed = once(sorting, 'close');
  let isOver = false;
  void killed.then(() => (isOver = true));
  const spilled = (): string[] => readdirSync(join(place.cwd, 'data/runs/r')).filter((name) => name.includes('rows.sqlite'));
  await vi.waitFor(() => expect(isOver || spilled().length > 0).toBe(true), { timeout: 60_000, interval: 1 });
  sorting.kill('SIGKILL');
  await killed;
  // On a busy machine it may have been quicker than the look.
  if (spilled().length === 0) place.write('data/runs/r/rows.sqlite.killed.tmp');
  place.write('go');
  expect(await closed).toEqual([0, null]);
  expect(place.lines('out.csv')).toHaveLength(120_001);
  expect(await place.shardyard('rerun', 'r', '--items', '5', '--progress', 'none')).toMatchObject({ code: 0 });
  expect(spilled()).toEqual([]);
});
