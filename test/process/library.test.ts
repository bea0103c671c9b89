import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { defineWorker, launch, resume, type LaunchOptions, type RunEvent, type RunHandle, UserError } from '../../src/index.ts';
import { runItem } from '../../src/testing.ts';
import { Place } from './support.ts';
import { csvOf, WORKER } from './workers.ts';

/** The options of a run in a folder, however the test runner was started. */
const optionsIn = (place: Place): LaunchOptions & { run: string } => ({
  worker: join(place.cwd, 'w.mjs'),
  name: 'r',
  run: 'r',
  processes: 1,
  spares: 0,
  dataDir: join(place.cwd, 'data'),
  logsDir: join(place.cwd, 'logs'),
  output: join(place.cwd, 'out.csv'),
});
const inFolder = (place: Place): string => WORKER.replaceAll("'executed.txt'", JSON.stringify(join(place.cwd, 'executed.txt')));

async function eventsOf(handle: RunHandle): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of handle) events.push(event);
  return events;
}

const journalOf = (place: Place): unknown[] =>
  place.lines('data/runs/r/journal.ndjson').map((line) => {
    const { crc32: _, ...event } = JSON.parse(line) as Record<string, unknown>;
    return event;
  });

test('events are the lines of the journal, the report is report.json; aborting stops, and it can be resumed', async () => {
  const place = new Place();
  place.write('w.mjs', inFolder(place));
  const abort = new AbortController();
  const first = launch({ ...optionsIn(place), items: 'a,b,c,d', batchSize: 1 }, { signal: abort.signal });
  const other = eventsOf(first);
  const seen: RunEvent[] = [];
  for await (const event of first) {
    seen.push(event);
    if (event.type === 'committed') abort.abort();
  }
  const report = await first.report;
  expect(report).toMatchObject({ state: 'stopped', exitCode: 3, items: { total: 4, failed: 0 }, output: null });
  expect(report.items.owed).toBeGreaterThan(0);
  expect(report.next).toMatch(/shardyard resume r --data-dir/);
  expect(seen).toEqual(await other);
  expect(JSON.parse(JSON.stringify(seen))).toEqual(journalOf(place));
  expect(place.report()).toEqual(report);
  expect(await first.planned).toEqual({ run: 'r', folder: join(place.cwd, 'data/runs/r'), logs: join(place.cwd, 'logs/r') });

  const second = resume(optionsIn(place));
  const more = await eventsOf(second);
  expect(await second.report).toMatchObject({ state: 'done', exitCode: 0, items: { done: 4, owed: 0 } });
  expect(JSON.parse(JSON.stringify([...seen, ...more]))).toEqual(journalOf(place));
  expect(place.lines('executed.txt').toSorted()).toEqual(['a', 'b', 'c', 'd']);
  expect(place.read('out.csv')).toBe(csvOf(['a', 'b', 'c', 'd']));
});

test('wrong input, and a stop while it is planned, reject with what there is to say, and leave nothing', async () => {
  const place = new Place({ 'w.mjs': 'await new Promise(() => {});\n' });
  const before = place.everything();
  const wrong = launch({ ...optionsIn(place), worker: join(place.cwd, 'gone.mjs') });
  expect(await eventsOf(wrong)).toEqual([]);
  await expect(wrong.report).rejects.toThrow(UserError);
  await expect(wrong.planned).rejects.toThrow('no such worker');

  const stopped = launch({ ...optionsIn(place), items: 'a' });
  stopped.stop('SIGINT');
  await expect(stopped.report).rejects.toMatchObject({ exitCode: 130, message: expect.stringContaining('before anything was started') });
  expect(place.everything()).toEqual(before);
});

test('runItem gives the rows of one item, by the rules of a run', async () => {
  const told: string[] = [];
  const params: StandardSchemaV1<unknown, { readonly years: number }> = {
    '~standard': { version: 1, vendor: 'test', validate: (given) => ({ value: { years: Number((given as { years: string }).years) } }) },
  };
  const worker = defineWorker<{ readonly symbol: string }, string, typeof params>({
    params,
    columns: ['symbol', 'years', 'state', 'key', 'attempt'],
    key: ({ symbol }) => `${symbol}!`,
    setup: () => 'ready',
    teardown: (state) => void told.push(`down ${state}`),
    async *process({ symbol }, { params: { years }, state, key, attempt, log }) {
      log('loading %s', symbol);
      yield { symbol, years, state, key, attempt };
    },
  });
  const rows = await runItem(worker, { symbol: 'AAPL' }, { params: { years: '7' }, attempt: 2, log: (line) => void told.push(line) });
  expect(rows).toEqual([{ symbol: 'AAPL', years: 7, state: 'ready', key: 'AAPL!', attempt: 2 }]);
  expect(told).toEqual(['loading AAPL', 'down ready']);
  await expect(runItem({ columns: ['a'], process: () => ({ a: 1, b: 2 }) }, 'x')).rejects.toThrow(/"b"/);
  await expect(runItem({ process: () => ({ a: 1 }) }, 'x', { params: { n: 1 } })).rejects.toThrow('takes no parameters');
});

test('runItem leaves the artifacts of an item in a folder, or throws them away', async () => {
  const place = new Place();
  const worker = defineWorker<string>({
    process(item, { artifact }) {
      writeFileSync(artifact('deep/file.txt'), item);
      if (item === 'forgetful') artifact('other.txt');
      return { path: artifact('deep/file.txt') };
    },
  });
  const [row] = await runItem(worker, 'AAPL', { artifacts: join(place.cwd, 'made') });
  expect(place.everything()).toEqual({ 'made/': '', 'made/deep/': '', 'made/deep/file.txt': 'AAPL' });
  const [gone] = await runItem(worker, 'MSFT');
  for (const path of [row?.['path'], gone?.['path']]) expect(existsSync(String(path))).toBe(false);
  await expect(runItem(worker, 'forgetful', { artifacts: join(place.cwd, 'made') })).rejects.toThrow('written no such file');
  expect(place.everything('made')).toEqual({ 'made/deep/': '', 'made/deep/file.txt': 'AAPL' });
});
