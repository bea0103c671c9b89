import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch, type RunHandle } from 'shardyard';
import { workerFile } from './shardyard.ts';

/** What is run, and with which limits. */
export interface Calling {
  readonly items: number;
  readonly processes: number;
  readonly rate?: string[];
  readonly minDelay?: number;
  readonly headroom?: string;
  readonly budget?: string[];
  readonly retries?: number;
}

let runs = 0;

/** Runs the worker that calls, in this process as the parent: 64 items at a time over all children. */
export function startCalling(lab: string, { items, processes, ...more }: Calling): { readonly handle: RunHandle; readonly output: string } {
  const name = `permits-${process.pid}-${++runs}`;
  const output = join(lab, `${name}.csv`);
  const handle = launch({
    worker: workerFile('permit.mjs'),
    name,
    output,
    dataDir: join(lab, 'data'),
    logsDir: join(lab, 'logs'),
    items: `0:${items}`,
    processes,
    concurrency: Math.max(1, Math.round(64 / processes)),
    spares: 0,
    batchSize: items,
    ...more,
  });
  return { handle, output };
}

/** The same, to its end; gives how long each call waited (ms). */
export async function callThrough(lab: string, calling: Calling): Promise<number[]> {
  const { handle, output } = startCalling(lab, calling);
  await handle.report;
  return readFileSync(output, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[1]));
}
