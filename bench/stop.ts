import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJournal } from '../src/store/journal.ts';
import type { Benchmark, BenchOptions } from './support/benchmark.ts';
import { bin, workerFile } from './support/shardyard.ts';
import { median, seconds } from './support/stats.ts';

const CHILDREN = 8;
/** Milliseconds after the last child's first item has begun: the middle of items that take a second. */
const MIDDLE = 500;
/** Under npm a Ctrl-C arrives twice; what comes within 100 ms counts as one. */
const BETWEEN = 200;

export const stop: Benchmark = {
  name: 'stop',
  about: `From Ctrl-C to the prompt: eight children in the middle of items that take 1 s, one item in flight in each. Ctrl-C once lets these items finish and commits
them; twice ends everything at once, with what had been finished before kept.`,
  async run(options) {
    const first = await figures(options, 1);
    const second = await figures(options, 2);
    return [
      { what: 'Ctrl-C to prompt', against: 'the rest of an item', ours: seconds(first), theirs: seconds(MIDDLE), figure: seconds(first) },
      { what: 'second Ctrl-C to prompt', against: '–', ours: seconds(second), theirs: '–', figure: seconds(second) },
    ];
  },
};

/** The median, in milliseconds, of so many runs that are ended by so many signals; from the last of them. */
async function figures({ runs, lab, say }: BenchOptions, signals: 1 | 2): Promise<number> {
  const found: number[] = [];
  for (let run = 0; run < runs; run++) {
    found.push(await measured(lab, `stop-${signals}-${run}`, signals));
    say(`  ${signals === 1 ? 'Ctrl-C' : 'second Ctrl-C'}: ${seconds(found.at(-1) ?? 0)}`);
  }
  return median(found);
}

async function measured(lab: string, name: string, signals: 1 | 2): Promise<number> {
  const args = ['--items', '0:1000', '-p', String(CHILDREN), '--batch-size', '100', '--name', name, '--progress', 'none'];
  const child = spawn(process.execPath, [bin, 'run', workerFile('second.mjs'), ...args], { cwd: lab, stdio: 'ignore' });
  const exited = once(child, 'exit');
  const journal = join(lab, 'data', 'runs', name, 'journal.ndjson');
  while (dispatched(journal) < CHILDREN) {
    if (child.exitCode !== null) throw new Error(`the run ended with ${child.exitCode} before it was stopped`);
    await sleep(20);
  }
  await sleep(MIDDLE);
  child.kill('SIGINT');
  if (signals === 2) {
    await sleep(BETWEEN);
    child.kill('SIGINT');
  }
  const before = performance.now();
  const [code]: unknown[] = await exited;
  if (code !== 130) throw new Error(`the run ended with ${String(code)} instead of 130`);
  return performance.now() - before;
}

/** Batches that have been handed out. */
function dispatched(journal: string): number {
  let count = 0;
  if (!existsSync(journal) || readFileSync(journal).length === 0) return count;
  readJournal(journal, ({ type }) => void (type === 'dispatched' && count++));
  return count;
}
