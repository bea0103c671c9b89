import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Place } from './support.ts';

/** In the run with one process, whose folder is there then, `fault.txt` says what is different. */
const WORKER = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
const root = import.meta.dirname;
const fault = () => existsSync(join(root, 'data/runs/r-verify')) && readFileSync(join(root, 'fault.txt'), 'utf8');
export default {
  columns: ['item', 'text'],
  process(item, { artifact }) {
    const odd = item === 'c' && fault();
    writeFileSync(artifact(item + '.txt'), odd === 'artifact' ? 'odd' : item);
    return [{ item, text: 'two\\nlines' }, { item, text: odd === 'row' ? 'odd' : 'even' }, { item, text: '' }];
  },
};
`;

const place = (fault: string): Place => new Place({ 'w.mjs': WORKER, 'fault.txt': fault });
const runs = (at: Place): string[] => readdirSync(join(at.cwd, 'data/runs')).toSorted();

test('a run that is the same with one process says so, with where the time went, and leaves one folder', async () => {
  const at = place('');
  const more = ['--items', 'a,b,c,d', '-p', '2', '--batch-size', '1', '--verify', '-o', 'out.csv.gz'];
  const same = await at.run(...more);
  expect(same.code, same.stderr).toBe(0);
  expect(same.stderr).toContain('Verified r: with 2 processes the same bytes as with one\n');
  expect(same.stderr).toMatch(/^writing .*summed over children$/m);
  expect(runs(at)).toEqual(['r']);
  expect(readdirSync(join(at.cwd, 'logs'))).toEqual(['r']);
  const found: unknown = JSON.parse(at.read('data/runs/r/verify.json'));
  const { time } = at.report();
  expect(found).toMatchObject({ run: 'r', alone: 'r-verify', processes: 2, identical: true, difference: null, time, exitCode: 0 });
  expect(time.writing).toBeGreaterThan(0);
  // Nothing is done twice where it could not be compared.
  at.write('data/runs/s-verify/manifest.json', at.read('data/runs/r/manifest.json'));
  expect(await at.run(...more, '--name', 's')).toMatchObject({ code: 2 });
  expect(await at.run('--items', '-', '--verify', '--name', 't')).toMatchObject({ code: 2 });
  expect(runs(at)).toEqual(['r', 's-verify']);
});

test('a row that differs is shown with its item, and both runs are kept', async () => {
  const at = place('row');
  const differs = await at.run('--items', 'a,b,c,d', '-p', '2', '--verify');
  expect(differs).toMatchObject({ code: 4 });
  expect(differs.stderr).toContain(
    'NOT the same as with one process, first at row 8, row 2 of c (item 2):\n  c,even\n  with one process\n  c,odd\n',
  );
  expect(runs(at)).toEqual(['r', 'r-verify']);
});

test('a run that was stopped is named, with what to type', async () => {
  const at = place('');
  at.write(
    'slow.mjs',
    WORKER.replace('process(item', 'async process(item').replace(
      'writeFileSync(artifact',
      "if (item === 'a' && existsSync(join(root, 'data/runs/s-verify'))) throw new Error('bad');\n    writeFileSync(artifact",
    ),
  );
  const halted = [
    'run',
    'slow.mjs',
    ...at.options(['--items', 'a,b', '--retries', '0', '--batch-size', '1', '--halt', 'now,fail=1', '--verify', '--name', 'NAME']),
  ];
  const second = await at.shardyard(...halted.map((word) => (word === 'NAME' ? 's' : word)));
  expect(second).toMatchObject({ code: 3 });
  expect(second.stderr).toContain(`Not verified: s is there, but s-verify, the run with one process, was stopped
  to finish it: shardyard resume s-verify
  then compare by hand: cmp out.csv data/runs/s-verify/out.csv
  or start anew: shardyard clean s --yes && shardyard clean s-verify --yes, then the same command`);
  at.write('bad.mjs', "export default { process() { throw new Error('bad'); } };");
  const first = await at.shardyard('run', 'bad.mjs', ...halted.slice(2).map((word) => (word === 'NAME' ? 't' : word)));
  expect(first.stderr).toContain(
    'Not verified: t was stopped, and the run with one process was not begun\n  to have its rows: shardyard resume t\n  or start',
  );
});

test('so is an artifact that differs', async () => {
  const at = place('artifact');
  const differs = await at.run('--items', 'a,b,c,d', '--verify');
  expect(differs).toMatchObject({ code: 4 });
  expect(differs.stderr).toContain('first at the artifact c.txt of c\n');
  expect(JSON.parse(at.read('data/runs/r/verify.json'))).toMatchObject({ difference: { what: 'artifact', key: 'c', name: 'c.txt' } });
});
