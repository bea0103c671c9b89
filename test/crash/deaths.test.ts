import { expect, test } from 'vitest';
import { killMarked, processesOf } from '../support/marked.ts';
import { heldCsv, Place, until, worker } from './support.ts';

const quitsCsv = (items: readonly string[]): string =>
  `item,row\n${items.flatMap((item) => [0, 1, 2].map((row) => `${item},${row}\n`)).join('')}`;
const causes = (place: Place): string[] => place.events('attempt-ended').map(({ cause }) => cause);

test('a child that ends with exit code 0 and no receipt has failed; what it had finished is kept, the item tried again', async () => {
  const place = new Place();
  const { code } = await place.end('run', worker('quits'), '--items', 'a,once,b', '-p', '1', '--batch-size', '3', '-o', 'out.csv');
  expect(code).toBe(0);
  expect(place.read('out.csv')).toBe(quitsCsv(['a', 'once', 'b']));
  expect(causes(place)).toContain('no-receipt');
  expect(causes(place)).not.toContain('exit');
});

test('an item that always ends its child is given up as no-receipt, and costs nobody else', async () => {
  const place = new Place();
  const { code, stderr } = await place.end(
    'run',
    worker('quits'),
    '--items',
    'a,always,b',
    '-p',
    '1',
    '--batch-size',
    '3',
    '-o',
    'out.csv',
    '--retries',
    '1',
  );
  expect([code, stderr]).toEqual([1, expect.stringContaining('no-receipt')]);
  expect(place.read('out.csv')).toBe(quitsCsv(['a', 'b']));
  const status = JSON.parse((await place.end('status', '--json')).stdout) as { failures: unknown };
  expect(status.failures).toMatchObject([{ key: 'always', cause: 'no-receipt', tries: 2 }]);
});

test('a child that is killed from outside costs its item a try; rows appear once', async () => {
  const place = new Place();
  const items = ['a', 'slow', 'b'];
  const session = place.start(
    'run',
    worker('held'),
    '--items',
    items.join(','),
    '-p',
    '1',
    '--batch-size',
    '3',
    '--spares',
    '0',
    '-o',
    'out.csv',
  );
  await until('an item is held', () => place.begun('slow') === 1, session);
  const [child] = processesOf(place.cwd).filter(({ role }) => role === 'child');
  expect(child && killMarked(child)).toBe(true);
  await until('it is tried again', () => place.begun('slow') === 2, session);
  place.write('go');
  expect(await session.ended).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(heldCsv(items));
  expect(place.events('attempt-ended')[0]).toMatchObject({ cause: 'signal', suspects: [[1, 2]] });
  expect(items.map((item) => place.begun(item))).toEqual([1, 2, 1]);
});

test('idle children that are killed are replaced', async () => {
  const place = new Place();
  const items = ['slow', 'a', 'b'];
  const session = place.start(
    'run',
    worker('held'),
    '--items',
    items.join(','),
    '-p',
    '1',
    '--batch-size',
    '1',
    '--spares',
    '1',
    '-o',
    'out.csv',
  );
  await until('an item is held and a spare is ready', () => place.begun('slow') === 1 && place.events('child-ready').length === 2, session);
  const spare = place.events('child-started')[1]?.pid;
  const found = processesOf(place.cwd).find(({ pid }) => pid === spare);
  expect(found && killMarked(found)).toBe(true);
  await until('another one is there', () => place.events('child-started').length === 3, session);
  place.write('go');
  expect(await session.ended).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(heldCsv(items));
});
