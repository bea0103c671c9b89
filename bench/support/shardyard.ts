import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunEvent } from '../../src/core/events.ts';
import type { Report } from '../../src/core/report.ts';
import { readJournal } from '../../src/store/journal.ts';
import { measure, type Usage } from './measure.ts';

/** The command as it is installed. */
export const bin = fileURLToPath(new URL('../../bin/shardyard.js', import.meta.url));
let runs = 0;

/** A run that is over. */
export interface Finished extends Usage {
  readonly name: string;
  /** Its folder, absolute. */
  readonly folder: string;
  readonly report: Report;
  readonly events: readonly RunEvent[];
}

/** A file of this benchmark's `workers` folder. */
export const workerFile = (name: string): string => fileURLToPath(new URL(`../workers/${name}`, import.meta.url));

/** A file of this benchmark's `peers` folder. */
export const peerFile = (name: string): string => fileURLToPath(new URL(`../peers/${name}`, import.meta.url));

/** `shardyard <args>`, as a user types it, with the Node that runs this. */
export function command(lab: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Usage> {
  return measure({ command: process.execPath, args: [bin, ...args], cwd: lab, env });
}

/** `shardyard run` in a run of its own. */
export async function run(
  lab: string,
  worker: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const name = `bench-${++runs}`;
  const usage = await command(lab, ['run', workerFile(worker), ...args, '--name', name, '--progress', 'none'], env);
  const folder = join(lab, 'data', 'runs', name);
  const events: RunEvent[] = [];
  readJournal(join(folder, 'journal.ndjson'), (event) => events.push(event));
  // Written by the command that has just ended.
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report;
  return { ...usage, name, folder, report, events };
}

/** Milliseconds from the first event of one type to the last of another. */
export function between(events: readonly RunEvent[], from: RunEvent['type'], to: RunEvent['type']): number {
  const first = events.find(({ type }) => type === from);
  const last = events.findLast(({ type }) => type === to);
  return first && last ? last.at - first.at : Number.NaN;
}
