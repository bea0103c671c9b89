import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import type { Plan } from '../../src/core/plan.ts';
import { RunState } from '../../src/core/state.ts';
import { EarlyMerge } from '../../src/run/early-merge.ts';
import { earlyJob, type Merged, mergeRun } from '../../src/run/merge.ts';
import type { Manifest } from '../../src/store/manifest.ts';
import { ledgerName, partName } from '../../src/core/names.ts';
import { runPaths } from '../../src/store/paths.ts';
import { PartWriter } from '../../src/store/part-writer.ts';
import { Place } from './support.ts';

const COUNT = 24;

/** One commit: positions, whether their rows come in order, which of them fail, and whether it is looked for work afterwards. */
interface Step {
  readonly from: number;
  readonly length: number;
  readonly isReversed: boolean;
  readonly failing: number;
  readonly looks: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  from: fc.nat(COUNT - 1),
  length: fc.integer({ min: 1, max: 8 }),
  isReversed: fc.boolean(),
  failing: fc.constantFrom(-1, -1, 0, 2),
  looks: fc.boolean(),
});

/** A run's folder with real parts, and the state that goes with them. */
function runOf({ partFormat, columns }: Pick<Manifest, 'partFormat' | 'columns'>): Bench {
  const root = mkdtempSync(join(tmpdir(), 'shardyard-early-'));
  const paths = runPaths(join(root, 'data'), join(root, 'logs'), 'r');
  mkdirSync(paths.parts, { recursive: true });
  const plan: Plan = {
    version: 1,
    index: 0,
    items: { kind: 'range', start: 0, end: COUNT },
    count: COUNT,
    batchSize: 8,
    shards: [[0, COUNT]],
    emptyShards: 0,
    moves: [],
  };
  const state = new RunState([plan]);
  const apply = (event: object): void => state.apply({ at: 0, ...event } as RunEvent);
  apply({ type: 'planned', plan: 0, items: COUNT, shards: 1, batchSize: 8 });
  let attempt = 0;
  return {
    root,
    state,
    // The merge asks for no more than these.
    job: { state, paths, manifest: { run: 'r', partFormat, columns } as Manifest, strictColumns: false },
    owe: (start, end) => apply({ type: 'owed', spans: [[start, end]] }),
    commit({ from, length, isReversed, failing }, rowOf) {
      const end = Math.min(COUNT, from + length);
      const id = { shard: 0, batch: 0, attempt: ++attempt };
      const writer = new PartWriter({ part: join(paths.parts, partName(id, partFormat)), ledger: join(paths.parts, ledgerName(id)) });
      const all = Array.from({ length: end - from }, (_, n) => from + n);
      const done = all.filter((index) => index !== from + failing);
      for (const index of isReversed ? done.toReversed() : done) {
        const rows = index % 3;
        for (let row = 0; row < rows; row++) writer.append(rowOf(index, row, attempt));
        writer.done(index, String(index), rows, 1);
      }
      const failed = all
        .filter((index) => index === from + failing)
        .map((index) => ({ index, key: String(index), cause: 'error', message: '', tries: 1 }));
      const spans =
        done.length === all.length
          ? [[from, end]]
          : [
              [from, from + failing],
              [from + failing + 1, end],
            ].filter(([a = 0, b = 0]) => a < b);
      apply({ type: 'committed', ...id, spans, receipt: { ...writer.finish(), failed, itemMs: 1 }, salvaged: false, ms: 1, rss: 0 });
    },
  };
}

interface Bench {
  readonly root: string;
  readonly state: RunState;
  readonly job: Omit<Parameters<typeof mergeRun>[0], 'output'>;
  owe(start: number, end: number): void;
  commit(step: Step, rowOf: (index: number, row: number, attempt: number) => string): void;
}

const KINDS = [
  { name: 'CSV of declared columns', output: 'x.csv', partFormat: 'csv', columns: ['a', 'b'] },
  { name: 'CSV of rows that declare none', output: 'x.csv', partFormat: 'ndjson', columns: null },
  { name: 'JSON, compressed', output: 'x.json.gz', partFormat: 'csv', columns: ['a', 'b'] },
] as const;

test('whatever is committed, replaced and failed, and whenever it is looked: the bytes of the merge at the end', async () => {
  let early = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...KINDS),
      fc.array(step, { minLength: 1, maxLength: 12, size: 'max' }),
      fc.boolean(),
      async (kind, steps, hasLater) => {
        const bench = runOf(kind);
        try {
          const job = { ...bench.job, output: join(bench.root, kind.output) };
          const merge = new EarlyMerge(bench.state, () => earlyJob(job), { start: 1, step: 1 });
          const rowOf = (index: number, row: number, attempt: number): string => {
            if (kind.partFormat === 'csv') return `${index}.${row},"${attempt}\n"\n`;
            // Columns that the first rows do not have.
            return `${JSON.stringify({ a: index, ...(row === 1 ? { b: attempt } : {}), ...(hasLater && index > COUNT / 2 ? { later: 1 } : {}) })}\n`;
          };
          // In order first, so that there is something at the front.
          for (const from of [0, 8, 16]) {
            bench.commit({ from, length: 8, isReversed: false, failing: -1, looks: true }, rowOf);
            merge.look();
            await new Promise((resolve) => setImmediate(resolve));
          }
          for (const one of steps) {
            if (one.failing < 0) bench.owe(one.from, Math.min(COUNT, one.from + one.length));
            if (one.looks) merge.look();
            bench.commit(one, rowOf);
            if (one.looks) merge.look();
          }
          const first = await mergeRun({ ...job, early: merge });
          if (first.early) early++;
          const found = readFileSync(job.output);
          const { early: _, ...whole }: Merged = await mergeRun(job);
          const { early: __, ...rest } = first;
          expect(rest).toEqual(whole);
          expect(found.equals(readFileSync(job.output))).toBe(true);
          expect(existsSync(`${job.output}.r.tmp`)).toBe(false);
        } finally {
          rmSync(bench.root, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: 8 },
  );
  expect(early).toBeLessThan(8);
});

test('what was written early is what is published; a damaged part is found, and the thread’s failure is nobody’s', async () => {
  const kind = KINDS[0];
  const bench = runOf(kind);
  onTestFinished(() => rmSync(bench.root, { recursive: true, force: true }));
  const job = { ...bench.job, output: join(bench.root, kind.output) };
  const merge = new EarlyMerge(bench.state, () => earlyJob(job), { start: 1, step: 1 });
  const commit = (from: number): void =>
    bench.commit({ from, length: 8, isReversed: false, failing: -1, looks: true }, (index, row) => `${index},${row}\n`);
  commit(0);
  merge.look();
  await vi.waitFor(() => expect(existsSync(`${job.output}.r.tmp`)).toBe(true), { timeout: 30_000, interval: 5 });
  commit(8);
  commit(16);
  expect(await mergeRun({ ...job, early: merge })).toMatchObject({ early: true, rows: 24 });
  const again = new EarlyMerge(bench.state, () => earlyJob(job), { start: 1, step: 1 });
  const part = join(job.paths.parts, partName({ shard: 0, batch: 0, attempt: 2 }, 'csv'));
  const bytes = readFileSync(part);
  bytes[3] = 64;
  rmSync(part);
  writeFileSync(part, bytes);
  again.look();
  await expect(mergeRun({ ...job, early: again })).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('do not verify'),
  });
  expect(existsSync(`${job.output}.r.tmp`)).toBe(false);
});

/** Twelve items of 4 MB; the later ones wait until something is written of the earlier ones. */
const SLOW = `
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
const text = 'x'.repeat(2000);
export default {
  columns: ['item', 'row', 'text'],
  async *process(item) {
    if (item > 9) while (!existsSync('out.csv.r.tmp') && !existsSync('go')) await setTimeout(20);
    if (item > 10) while (!existsSync('go') || !existsSync('out.csv.r.tmp')) await setTimeout(20);
    for (let row = 0; row < 2000; row++) yield { item, row, text };
  },
};`;

test('rows are merged while the run goes on; after kill -9 of the parent the next session starts anew', async () => {
  const place = new Place({ 'w.mjs': SLOW });
  const options = ['--items', '0:12', '--batch-size', '1', '-p', '1', '--name', 'r', '-o', 'out.csv'];
  const first = place.start('run', 'w.mjs', ...options);
  await vi.waitFor(() => expect(existsSync(join(place.cwd, 'out.csv.r.tmp'))).toBe(true), { timeout: 60_000, interval: 20 });
  expect(existsSync(join(place.cwd, 'out.csv'))).toBe(false);
  const closed = once(first, 'close');
  first.kill('SIGKILL');
  await closed;
  expect(existsSync(join(place.cwd, 'out.csv.r.tmp'))).toBe(true);
  // So that the last item waits for the one that the next session begins.
  rmSync(join(place.cwd, 'out.csv.r.tmp'));
  place.write('go');
  expect(await place.shardyard('resume', 'r', '--progress', 'none')).toMatchObject({ code: 0 });
  expect(place.lines('data/runs/r/journal.ndjson').filter((line) => line.includes('"early":true'))).toHaveLength(1);
  const merged = place.bytes('out.csv');
  const meta = place.read('out.csv.meta.json');
  expect(existsSync(join(place.cwd, 'out.csv.r.tmp'))).toBe(false);
  expect(await place.shardyard('merge', 'r')).toMatchObject({ code: 0 });
  expect(place.bytes('out.csv').equals(merged)).toBe(true);
  expect(JSON.parse(place.read('out.csv.meta.json'))).toEqual(JSON.parse(meta));
  const { parentPeakRssBytes } = JSON.parse(place.read('data/runs/r/report.json')) as { parentPeakRssBytes: number };
  expect(parentPeakRssBytes).toBeLessThan(150e6);
});
