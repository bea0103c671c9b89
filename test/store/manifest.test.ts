import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import { type Manifest, readManifest, readPlans, writeManifest, writePlan } from '../../src/store/manifest.ts';
import { newFolder } from './folder.ts';

const folder = newFolder();

function newRun(): string {
  const run = folder.name();
  mkdirSync(run);
  return run;
}

const manifest: Manifest = {
  version: 1,
  run: 'r',
  createdAt: '2026-11-21T22:45:40.000Z',
  shardyard: '0.1.0',
  node: 'v24.21.0',
  token: 't',
  worker: { file: '/w.ts', sha256: 'ab' },
  params: { years: '10', deep: [{ ü: null }] },
  columns: ['a', 'b'],
  partFormat: 'csv',
  settings: {
    processes: 2,
    shards: 2,
    batchSize: 5,
    concurrency: 1,
    stagger: 0,
    spares: 1,
    nodeArgs: [],
    retries: 2,
    batchTimeout: 3_600_000,
    maxFailures: { count: 0 },
    strictColumns: false,
    output: '/out.csv',
    automatic: { shards: true, batchSize: true },
  },
};

const plan = (index: number): Plan => ({
  version: 1,
  index,
  items: { kind: 'range', start: 0, end: 10 },
  count: 10,
  batchSize: 5,
  shards: [[0, 10]],
  emptyShards: 0,
  moves: [],
});

describe('a manifest', () => {
  test('is read as it was written', async () => {
    const run = newRun();
    await writeManifest(run, manifest);
    expect(readManifest(run)).toEqual(manifest);
    expect(readdirSync(run)).toEqual(['manifest.json']);
  });

  test('is what makes a folder a run', () => {
    expect(readManifest(newRun())).toBeUndefined();
    expect(readManifest(folder.name())).toBeUndefined();
  });

  test.each([
    ['{"version":1', 'is not JSON any more', 'backup'],
    ['', 'is not JSON any more', 'backup'],
    ['{"version":2}', 'written by a newer Shardyard', 'npm install shardyard@latest'],
    ['{"version":"1"}', 'is not a file of Shardyard', 'restore it'],
    ['null', 'is not a file of Shardyard', 'restore it'],
    ['[]', 'is not a file of Shardyard', 'restore it'],
  ])('that says %j is refused, naming the file and what to do', (text, message, hint) => {
    const run = newRun();
    const file = join(run, 'manifest.json');
    writeFileSync(file, text);
    const refusal = { name: 'UserError', message: expect.stringContaining(message), hint: expect.stringContaining(hint), place: { file } };
    expect(() => readManifest(run)).toThrow(expect.objectContaining(refusal));
  });

  test('that cannot be read is no bug of ours', () => {
    const run = newRun();
    mkdirSync(join(run, 'manifest.json'));
    expect(() => readManifest(run)).toThrow(expect.objectContaining({ name: 'UserError', hint: 'check its permissions' }));
  });
});

describe('plans', () => {
  test('are read in order, as far as they are there without a gap', async () => {
    const run = newRun();
    expect(readPlans(run)).toEqual([]);
    for (const index of [1, 0, 3]) await writePlan(run, plan(index));
    expect(readPlans(run)).toEqual([plan(0), plan(1)]);
  });

  test('of a newer version are refused', async () => {
    const run = newRun();
    writeFileSync(join(run, 'plan-0.json'), JSON.stringify({ ...plan(0), version: 2 }));
    expect(() => readPlans(run)).toThrow('written by a newer Shardyard');
  });
});
