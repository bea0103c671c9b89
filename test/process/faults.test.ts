import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Evidence } from '../../src/core/evidence.ts';
import type { Cause } from '../../src/core/outcome.ts';
import type { FailureRow, Report } from '../../src/core/report.ts';
import { type Ended, shardyard } from '../cli/support.ts';

interface Poison {
  /** What the item does (JavaScript). */
  readonly deed: string;
  readonly cause: Cause;
  /** How its child ends; absent where it does not die. */
  readonly end?: Partial<Evidence>;
  /** What it takes to notice it. */
  readonly flags?: readonly string[];
}

/** Every way in which an item can go wrong. Limits are far from what the other items need, also on a machine that is busy. */
const POISONS: Readonly<Record<string, Poison>> = {
  throws: { deed: "throw new Error('poison')", cause: 'error' },
  rejects: { deed: "return sleep(5).then(() => { throw new Error('poison'); })", cause: 'error' },
  hangs: {
    deed: 'return new Promise(() => setInterval(() => {}, 1000))',
    cause: 'item-timeout',
    end: { signal: 'SIGTERM' },
    flags: ['--item-timeout', '4s'],
  },
  blocks: {
    // As a loop that never ends does, but not at the expense of everybody else on this machine.
    deed: 'return sleep(5).then(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))',
    cause: 'stalled',
    end: { signal: 'SIGTERM' },
    flags: ['--stall-timeout', '4s'],
  },
  exits: { deed: 'return sleep(5).then(() => process.exit(7))', cause: 'exit', end: { code: 7, signal: null } },
  aborts: { deed: 'return sleep(5).then(() => process.abort())', cause: 'signal', end: { signal: 'SIGABRT' } },
  segfaults: { deed: "return sleep(5).then(() => process.kill(process.pid, 'SIGSEGV'))", cause: 'signal', end: { signal: 'SIGSEGV' } },
  exhausts: {
    deed: 'return sleep(5).then(() => { for (const kept = []; ; ) kept.push(Array.from({ length: 1e4 }, () => ({}))); })',
    cause: 'heap-limit',
    end: { signal: 'SIGABRT', said: expect.arrayContaining([expect.stringContaining('heap out of memory')]) },
    flags: ['--node-arg=--max-old-space-size=24'],
  },
  // Stays where it is once it is past the limit: nothing here is to fill the machine.
  grows: {
    deed: 'return sleep(5).then(async () => { const kept = Buffer.alloc(150 << 20, 1); for (;;) await sleep(1000, kept); })',
    cause: 'rss-limit',
    end: { signal: 'SIGTERM', peakRssBytes: expect.closeTo(210e6, -8) },
    flags: ['--max-rss', '120MB'],
  },
};

/** The position of the poison in its batch. */
const PLACES = { first: 0, middle: 5, last: 10 } as const;
type PlaceName = keyof typeof PLACES;
const BATCH = 11;
const CONCURRENCIES = [1, 8] as const;

/** A batch for each place: its items, one of them poison. */
const ITEMS = Object.entries(PLACES).flatMap(([place, at]) =>
  Array.from({ length: BATCH }, (_, index) => (index === at ? `poison-${place}` : `${place}-${index}`)),
);
const csvOf = (items: readonly string[]): string => `item,text\n${items.map((item) => `${item},"two\n""${item}"""\n`).join('')}`;

/** Notes every start; all items of a batch that may be in flight together are. */
const workerOf = (deed: string): string => `
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const row = (item) => ({ item, text: 'two\\n"' + item + '"' });
export default { columns: ['item', 'text'], process: (item) => {
  appendFileSync('executed.txt', item + '\\n');
  if (item.startsWith('poison')) { ${deed}; }
  return sleep(25).then(() => row(item));
} };
`;

interface Result {
  readonly ended: Ended;
  readonly report: Report;
  readonly output: string;
  /** By failure: the log that it points to. */
  readonly logs: readonly string[];
  /** Looked at in half of the cells. */
  readonly status: { readonly failures: readonly FailureRow[] } | undefined;
  /** How often each item was begun. */
  readonly begun: ReadonlyMap<string, number>;
}

const folders: string[] = [];
const results = new Map<string, Promise<Result>>();

async function runCell(poison: string, concurrency: number): Promise<Result> {
  const cwd = mkdtempSync(join(tmpdir(), 'shardyard-faults-'));
  folders.push(cwd);
  const { deed, flags = [] } = POISONS[poison] ?? { deed: '' };
  writeFileSync(join(cwd, 'w.mjs'), workerOf(deed));
  const env = { NODE_COMPILE_CACHE: join(tmpdir(), 'shardyard-proc-compile-cache') };
  const shape = ['-p', '3', '--spares', '0', '--shards', '3', '--batch-size', String(BATCH), '--concurrency', String(concurrency)];
  const args = ['--items', ITEMS.join(','), '--name', 'r', '-o', 'out.csv', '--retries', '0', '--progress', 'plain', ...shape, ...flags];
  const ended = await shardyard(['run', 'w.mjs', ...args], { cwd, env });
  const status = concurrency === 1 ? await shardyard(['status', 'r', '--json'], { cwd, env }) : undefined;
  const read = (file: string): string => readFileSync(join(cwd, file), 'utf8');
  const begun = new Map<string, number>();
  for (const item of read('executed.txt').trimEnd().split('\n')) begun.set(item, (begun.get(item) ?? 0) + 1);
  const report = JSON.parse(read('data/runs/r/report.json')) as Report;
  return {
    ended,
    report,
    output: read('out.csv'),
    logs: report.failures.map(({ log }) => read(log)),
    status: status && (JSON.parse(status.stdout) as Result['status']),
    begun,
  };
}

/** All runs, a few at a time; each of them is three cells. */
beforeAll(async () => {
  const todo = Object.keys(POISONS).flatMap((poison) => CONCURRENCIES.map((concurrency) => ({ poison, concurrency })));
  const next = async (): Promise<void> => {
    for (let cell = todo.shift(); cell; cell = todo.shift()) {
      const result = runCell(cell.poison, cell.concurrency);
      result.catch(() => undefined);
      results.set(`${cell.poison} ${cell.concurrency}`, result);
      await result.catch(() => undefined);
    }
  };
  await Promise.all([next(), next(), next(), next()]);
}, 300_000);
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const resultOf = (poison: string, concurrency: number): Promise<Result> =>
  results.get(`${poison} ${concurrency}`) ?? Promise.reject(new Error('was not run'));

describe.each(Object.keys(POISONS))('an item that %s', (poison) => {
  const { cause, end } = POISONS[poison] ?? { cause: 'ok' };
  describe.each(CONCURRENCIES)('with concurrency %d', (concurrency) => {
    test.each(Object.keys(PLACES) as PlaceName[])('%s of its batch costs itself, and nothing else', async (place) => {
      const { report, output, begun } = await resultOf(poison, concurrency);
      const mates = Array.from({ length: BATCH }, (_, index) => `${place}-${index}`).filter((_, index) => index !== PLACES[place]);
      const failures = report.failures.filter(({ key }) => key.includes(place));
      const seen = end ? { evidence: end } : { evidence: null, message: 'poison' };
      expect(failures).toMatchObject([{ key: `poison-${place}`, cause, tries: 1, ...seen }]);
      expect(output.split('\n').filter((line) => line.startsWith(`${place}-`))).toEqual(mates.map((item) => `${item},"two`));

      const alone = concurrency === 1 || cause === 'error';
      expect(begun.get(`poison-${place}`)).toBeLessThanOrEqual(alone ? 1 : 2);
      // Those that were in flight with it are tried once more, alone; nobody else is.
      const again = mates.filter((item) => begun.get(item) !== 1);
      expect(again.length).toBeLessThanOrEqual(alone ? 0 : concurrency - 1);
      expect(again.filter((item) => begun.get(item) !== 2)).toEqual([]);
    });

    test('leaves the bytes of a list without it', async () => {
      const { ended, output, report, status, logs } = await resultOf(poison, concurrency);
      expect(output).toBe(csvOf(ITEMS.filter((item) => !item.startsWith('poison'))));
      expect(ended.code).toBe(1);
      expect(report.failedByCause).toEqual({ [cause]: 3 });
      // What is known is told everywhere.
      if (status) expect(status.failures).toEqual(report.failures);
      for (const [at, { index, key }] of report.failures.entries()) {
        const line = logs[at]?.split('\n').find((text) => text.includes(`item ${index} (${key}) is given up after 1 try: ${cause}`));
        expect(line).toMatch(new RegExp(`To do it again: shardyard rerun r --items=${key}$`));
      }
    });
  });
});
