import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plan, type LaunchOptions } from '../../src/index.ts';
import { Place } from './support.ts';
import { executed } from './workers.ts';

/** Writes what it does to `executed.txt`; `refill` and `yearsBack` are whole numbers. `bad.txt` has keys of items that throw. */
const WORKER = `
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
const note = (text) => appendFileSync('executed.txt', text + '\\n');
const bad = () => { try { return readFileSync('bad.txt', 'utf8').split('\\n'); } catch { return []; } };
export default {
  params: {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: ({ refill = 1, yearsBack = 1 }) => {
        const value = { refill: Number(refill), yearsBack: Number(yearsBack) };
        const issues = Object.entries(value).flatMap(([name, number]) => (Number.isInteger(number) ? [] : [{ message: 'not whole', path: [name] }]));
        if (value.refill > 500 && value.yearsBack > 1) issues.push({ message: 'too much of both' });
        return issues.length > 0 ? { issues } : { value };
      },
    },
  },
  items: ({ refill }) => ['a', 'b', 'c', 'own ' + refill],
  setup({ params: { refill, yearsBack }, signal }) {
    if (refill === 13) throw new Error('unlucky');
    if (refill === 17) process.exit(5);
    if (refill === 19) return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    if (refill === 23) return new Promise(() => {});
    note('setup ' + process.pid + ' ' + refill + ' ' + yearsBack);
    return 'state ' + refill;
  },
  teardown: (state) => note('teardown ' + process.pid + ' ' + state),
  process(item, { key, params: { refill, yearsBack }, state, artifact }) {
    note('do ' + key);
    if (bad().includes(key)) throw new Error('bad');
    if (item === 'a') writeFileSync(artifact(key + '.txt'), state);
    if (item === 'taken') return { refill };
    return [{ item, product: refill * yearsBack }, { item: state, product: index(key) }];
  },
};
const index = (key) => key.length;
`;

/** The rows of a combination, as a run of it alone has them. */
function rows(items: readonly string[], refill: number, years: number, lead: string): string {
  const length = (item: string): number => `${item}/refill=${refill}/yearsBack=${years}`.length;
  return items.map((item) => `${lead}${item},${refill * years}\n${lead}state ${refill},${length(item)}\n`).join('');
}

const sweep = (items: readonly string[], refills: readonly number[], years: readonly number[]): string =>
  `refill,yearsBack,item,product\n${refills.flatMap((refill) => years.map((year) => rows(items, refill, year, `${refill},${year},`))).join('')}`;

const ITEMS = ['a', 'b', 'c', 'own 60'];
/** What has been done since the last look: keys. */
const done = (place: Place): string[] => executed(place).flatMap((line) => (line.startsWith('do ') ? [line.slice(3)] : []));

test('every item is done for each combination, by key whatever changes', async () => {
  const at = new Place({ 'w.mjs': WORKER });
  const grid = ['--grid', 'refill=60,180', '--grid', 'years-back=1,2'];
  at.write('bad.txt', 'b/refill=180/yearsBack=1');
  const first = await at.run(...grid, '-p', '2', '--concurrency', '2', '--batch-size', '5', '--retries', '0');
  expect(first.code, first.stderr).toBe(1);
  expect(at.report()).toMatchObject({
    items: { total: 16, done: 15, failed: 1 },
    failures: [{ key: 'b/refill=180/yearsBack=1', index: 9 }],
  });
  // Each child has set up once for each combination that it met, and cleaned up after it.
  const calls = at.lines('executed.txt').filter((line) => /^(setup|teardown) /.test(line));
  const setups = calls.filter((line) => line.startsWith('setup'));
  expect(new Set(setups).size).toBe(setups.length);
  expect(calls).toHaveLength(2 * setups.length);
  executed(at);

  at.write('bad.txt');
  expect(await at.rerun('--failed')).toMatchObject({ code: 0 });
  expect(done(at)).toEqual(['b/refill=180/yearsBack=1']);
  expect(at.read('out.csv')).toBe(sweep(ITEMS, [60, 180], [1, 2]));
  expect(JSON.parse(at.read('out.csv.meta.json'))).toMatchObject({ columns: ['refill', 'yearsBack', 'item', 'product'] });

  // Another value, another order, one less: only what is new is done; the items are not listed again.
  const more = await at.resume('--grid', 'refill=300,180');
  expect(more.code, more.stderr).toBe(0);
  expect(done(at)).toEqual(['1', '2'].flatMap((years) => ITEMS.map((item) => `${item}/refill=300/yearsBack=${years}`)).toSorted());
  expect(at.read('out.csv')).toBe(sweep(ITEMS, [300, 180], [1, 2]));
  expect(Object.keys(at.everything('data/runs/r/artifacts/a')).filter((name) => name.endsWith('.txt'))).toHaveLength(4);

  // What it had before is still there, with other items as well; only files of items that were not in the list have to be made again.
  expect(await at.resume('--grid', 'refill=60,300', '--items', 'c,d,a')).toMatchObject({ code: 0 });
  const fresh = ['d/refill=60', 'd/refill=300', 'a/refill=60'].flatMap((which) => [`${which}/yearsBack=1`, `${which}/yearsBack=2`]);
  expect(done(at)).toEqual(fresh.toSorted());
  expect(at.read('out.csv')).toBe(sweep(['c', 'd', 'a'], [60, 300], [1, 2]));

  // An item by its own key is all of its combinations.
  expect(await at.rerun('--items', 'd,a/refill=60/yearsBack=2')).toMatchObject({ code: 0 });
  expect(done(at)).toHaveLength(5);
  const replayed = await at.shardyard('replay', 'r', 'd/refill=300/yearsBack=2');
  expect(replayed.stdout).toBe(
    '{"refill":300,"yearsBack":2,"item":"d","product":600}\n{"refill":300,"yearsBack":2,"item":"state 300","product":24}\n',
  );
  const vague = await at.shardyard('replay', 'r', 'd');
  expect(vague).toMatchObject({ code: 2 });
  expect(vague.stderr).toContain('"d" stands for 4 combinations: name one of them, such as d/refill=60/yearsBack=1');
});

test('rows without declared columns, ranges and limits; typed outputs', async () => {
  const at = new Place({ 'w.mjs': WORKER });
  const swept = await at.run('--items', '7:20', '--limit', '2', '--grid', 'refill=2,4', '-p', '2', '-o', 'out.parquet');
  expect(swept.code, swept.stderr).toBe(0);
  expect(JSON.parse(at.read('out.parquet.meta.json'))).toMatchObject({
    rows: 8,
    types: { refill: 'int64', item: 'string', product: 'int64' },
  });
  expect(JSON.parse(at.read('data/runs/r/plan-0.json'))).toMatchObject({ items: { kind: 'range', start: 7, end: 9 }, count: 4 });
  expect(await at.shardyard('merge', 'r', '-o', 'out.jsonl')).toMatchObject({ code: 0 });
  expect(at.lines('out.jsonl')[4]).toBe('{"refill":4,"item":"7","product":4}');
});

test('a combination for which the worker cannot be set up, and rows that have its columns, cost nothing else', async () => {
  const at = new Place({ 'w.mjs': WORKER });
  const grid = ['--grid', 'refill=1,13,17', '--items', 'b,taken', '--batch-size', '6', '--retries', '0'];
  expect(await at.run(...grid)).toMatchObject({ code: 1 });
  expect(Object.fromEntries(at.report().failures.map(({ key, message, cause }) => [key, `${cause}: ${message}`]))).toEqual({
    'taken/refill=1': 'error: the row has a column "refill", which --grid puts in front of every row: leave it out',
    'b/refill=13': 'error: setup for refill=13 failed: unlucky',
    'taken/refill=13': 'error: setup for refill=13 failed: unlucky',
    'b/refill=17': 'exit: exit code 5',
    'taken/refill=17': 'exit: exit code 5',
  });
  expect(at.lines('out.csv')).toEqual(['refill,item,product', '1,b,1', '1,state 1,10']);
  // Time to set up is an item's time, whether or not the worker heeds the signal.
  const hung = ['--grid', 'refill=19,23', '--items', 'b', '--batch-size', '2', '--retries', '0', '--item-timeout', '1s', '--name', 'hung'];
  expect(await at.run(...hung)).toMatchObject({ code: 1 });
  expect(at.report('hung').failures.map(({ key, cause }) => `${key} ${cause}`)).toEqual([
    'b/refill=19 item-timeout',
    'b/refill=23 item-timeout',
  ]);
});

test('what cannot be swept is refused before anything starts', async () => {
  const at = new Place({
    'w.mjs': WORKER,
    'columns.mjs': WORKER.replace('export default {', "export default { columns: ['item', 'refill'],"),
  });
  const refused = async (options: Partial<LaunchOptions>): Promise<unknown> =>
    plan({ worker: join(at.cwd, 'w.mjs'), items: 'a,b', ...options, dataDir: join(at.cwd, 'data') }).catch((error: unknown) => error);
  const messages = await Promise.all(
    [
      { grid: { refill: ['60', '1h'] } },
      { grid: { refill: [60, 501], yearsBack: [1, 2] } },
      { grid: { refill: ['60', '060'] } },
      { grid: { refil: [60] } },
      { grid: { refill: [60] }, params: { refill: 6 } },
      { grid: { 'years-back': [1], yearsBack: [2] } },
      { grid: { refill: [60] }, worker: join(at.cwd, 'columns.mjs') },
      { command: ['true', '{items}', '{output}'], grid: { refill: [60] } },
      { command: ['true', '{items}', '{output}', '{refil}'], grid: { refill: [60] } },
      { command: ['true', '{items}', '{output}'], grid: { name: [60] } },
      { command: ['true', '{items}', '{r}'], collect: 'out/{items}.csv', grid: { r: [60] } },
    ].map(refused),
  );
  expect(messages.map((error) => (error instanceof Error ? `${error.message}: ${Reflect.get(error, 'hint')}` : error))).toEqual([
    '--grid refill: "1h": not whole: correct the value',
    '--grid: refill=501 yearsBack=2: too much of both: sweep other values',
    '--grid refill: 60 and 060 are the same value: give every value once',
    '--grid refil: the worker knows no such parameter: it knows "refill", "yearsBack"',
    '--grid refill: it is given as --param, too: give a parameter one value or sweep it, not both',
    '--grid yearsBack: it is given twice: give it once, with all of its values',
    'the worker\'s `columns` has "refill", which --grid puts in front of every row: leave it out of the columns and rows',
    '--grid refill: the command is not told it, so that all values would give the same: add {refill} to its arguments',
    'the command has {refil}, which means nothing here: did you mean {refill}?',
    '--grid name: {name} means something else: choose another name',
    '--collect out/{items}.csv: all processes would write the same file: put {name} into the path, which no other process has, and into the arguments of the command',
  ]);
  const preview = await plan({ worker: join(at.cwd, 'w.mjs'), items: 'a,b', grid: { refill: [1, 2, 3] }, shards: 2 });
  expect(preview).toMatchObject({ items: 6, combinations: 3, shards: [{ firstKey: 'a/refill=1', lastKey: 'a/refill=2' }, {}] });
  const cli = await at.run('--grid', 'refill=60,1h');
  expect(cli).toMatchObject({ code: 2 });
  expect(cli.stderr).toContain('w.mjs: --grid refill: "1h": not whole');
  expect(Object.keys(at.everything()).filter((name) => name.includes('runs/r'))).toEqual([]);
});

test('a command is told the values of swept parameters, and its rows begin with them', async () => {
  const script = `#!/bin/sh
[ "$2" = 2 ] && [ "$1" = 11,12 ] && exit 3
echo 'v,item' > "$3"
for item in $(echo "$1" | tr , ' '); do echo "$2$4,$item" >> "$3"; done
`;
  const at = new Place({ 'gen.sh': script });
  const command = ['--', 'sh', './gen.sh', '{items}', '{size}', '{output}', '-{start}-{end}'];
  const options = at.options(['--retries', '0', '--batch-size', '2', '--shards', '1', '--item-column', 'item']);
  const run = await at.shardyard(
    'run',
    '--items',
    '10:14',
    '--grid',
    'size=1,2',
    '--grid',
    'c=x,"y',
    ...options,
    ...command.slice(0, -1),
    '-{start}-{end}{c}',
  );
  expect(run.code, run.stderr).toBe(0);
  expect(at.lines('out.csv').map((line) => line.replaceAll(/-\d+-\d+/g, '-'))).toEqual([
    'size,c,v,item',
    ...['1,x,1-x', '1,"""y","1-""y"', '2,x,2-x', '2,"""y","2-""y"'].flatMap((lead) => [10, 11, 12, 13].map((item) => `${lead},${item}`)),
  ]);
  expect(readFileSync(join(at.cwd, 'out.csv'), 'utf8')).toContain('1,x,1-10-12x,10\n');
  // JSON has them in front, too.
  const json = ['--collect', '-', '--collect-as', 'json', '--', 'sh', '-c', 'echo "[{\\"v\\":\\"$1$2\\"}, {}]"', 'sh', '{items}', '{size}'];
  const lines = await at.shardyard(
    'run',
    '--items',
    'p,q',
    '--grid',
    'size=1,2',
    ...at.options(['--name', 'j', '-o', 'j.jsonl', '--batch-size', '1']),
    ...json,
  );
  expect(lines.code, lines.stderr).toBe(0);
  expect(at.lines('j.jsonl').slice(0, 4)).toEqual(['{"size":"1","v":"p1"}', '{"size":"1"}', '{"size":"1","v":"q1"}', '{"size":"1"}']);
});
