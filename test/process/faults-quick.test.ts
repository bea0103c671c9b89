import { expect, test } from 'vitest';
import { Place } from './support.ts';
import { executed } from './workers.ts';

test('among items so quick that their starts are not written down, the one that kills is found, and no other begun more than twice', async () => {
  const worker = `
    import { openSync, writeSync } from 'node:fs';
    const log = openSync('executed.txt', 'a');
    export default { columns: ['item'], process: (item) => {
      writeSync(log, item + '\\n');
      if (item === '250') process.kill(process.pid, 'SIGSEGV');
      return { item };
    } };`;
  const place = new Place({ 'w.mjs': worker });
  expect(await place.run('--items', '0:400', '--retries', '0', '--shards', '1', '--batch-size', '400')).toMatchObject({ code: 1 });
  expect(place.report().failures).toMatchObject([{ key: '250', cause: 'signal', tries: 1, evidence: { signal: 'SIGSEGV' } }]);
  const items = Array.from({ length: 400 }, (_, item) => String(item));
  expect(place.read('out.csv')).toBe(`item\n${items.filter((item) => item !== '250').join('\n')}\n`);
  const begun = new Map<string, number>();
  for (const item of executed(place)) begun.set(item, (begun.get(item) ?? 0) + 1);
  expect(items.filter((item) => ![1, 2].includes(begun.get(item) ?? 0))).toEqual([]);
});

test('a --node-arg that Node does not know is refused before anything starts, by its name', async () => {
  const place = new Place({ 'w.mjs': 'export default { process: () => ({}) };\n' });
  const { code, stderr } = await place.run('--items', 'a', '--node-arg=--no-such-argument');
  expect([code, stderr]).toEqual([2, expect.stringContaining('Node takes no such argument (--node-arg --no-such-argument)')]);
});
