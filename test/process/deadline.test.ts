import { expect, test } from 'vitest';
import { Place } from './support.ts';

const all = (count: number): string => `item\n${Array.from({ length: count }, (_, item) => `${item}\n`).join('')}`;

test('--deadline: what does not fit stays owed, and a later session, which has no deadline, does it', async () => {
  const worker = `
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export default { columns: ['item'], process: async (item) => { if (!existsSync('quick')) await sleep(100); return { item }; } };
`;
  const place = new Place({ 'w.mjs': worker });
  const { code, stderr } = await place.run('--items', '0:60', '--batch-size', '5', '--deadline', '4s');
  expect([code, stderr]).toEqual([3, expect.stringContaining('nothing that is left can be done before --deadline')]);
  const { stopped, items, next } = place.report();
  expect(stopped).toMatchObject({ why: 'deadline' });
  expect(items.owed + items.done).toBe(60);
  expect(next).toBe('shardyard resume r');
  // It ended by itself: no child had to be urged.
  expect(place.events('child-told').filter(({ how }) => how !== 'message')).toEqual([]);
  place.write('quick');
  expect(await place.resume()).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(all(60));
});

test('a deadline that has passed leaves everything to do', async () => {
  const place = new Place({ 'w.mjs': `export default { columns: ['item'], process: (item) => ({ item }) };` });
  expect(await place.run('--items', '0:3', '--deadline', '2020-01-01T00:00')).toMatchObject({ code: 3 });
  expect(place.report()).toMatchObject({ items: { done: 0, owed: 3 }, children: { started: 0 } });
  expect(await place.resume()).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(all(3));
});

test('--halt does not wait for the end of a batch, and does not count failures of sessions before', async () => {
  const worker = `
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export default { columns: ['item'], async process(item) {
  if (existsSync('good')) return { item };
  if (item === '1') throw new Error('bad');
  if (item !== '0') while (!existsSync('go')) await sleep(5);
  return { item };
} };
`;
  const place = new Place({ 'w.mjs': worker });
  // The batch would never end.
  expect(await place.run('--items', '0:5', '--retries', '0', '--halt', 'now,fail=1')).toMatchObject({ code: 3 });
  expect(place.report()).toMatchObject({ stopped: { why: 'halt' }, items: { done: 1, failed: 1, owed: 3 }, failedByCause: { error: 1 } });

  place.write('go');
  expect(await place.resume('--halt', 'soon,fail=3', '--retries', '0')).toMatchObject({ code: 1 });
  expect(place.report()).toMatchObject({ items: { done: 4, failed: 1 } });
  // One has failed by now, in another session: a rerun of others is not halted by it.
  expect(await place.rerun('--items', '4', '--halt', 'soon,fail=1')).toMatchObject({ code: 1 });
  place.write('good');
  expect(await place.rerun()).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(all(5));
});
