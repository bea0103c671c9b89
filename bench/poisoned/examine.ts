import { readFileSync } from 'node:fs';
import type { Contender } from './contenders.ts';
import { GOOD, type Job, POISON } from './job.ts';
import type { Started } from './start.ts';

/** What there is in the end. */
export interface Found {
  /** Rows of good items that are not there, or there more than once. */
  readonly lost: number;
  readonly doubled: number;
  /** Rows of items that have not been finished, torn ones included. */
  readonly ofFailed: number;
  /** Bad items that are called failed, and good ones. */
  readonly named: number;
  readonly blamed: number;
  /** Good items that were begun more than once. */
  readonly twice: number;
}

/** Counts what a contender's user has in the end. */
export function examine({ output, failed }: Contender, job: Job, all: readonly Started[]): Found {
  const rows = countOf(output(job).split('\n'));
  const wanted = GOOD.flatMap((n) => [0, 1].map((row) => `${n},${row},${n * n}`));
  const good = new Set(wanted);
  const begun = countOf(readFileSync(job.begun, 'utf8').split('\n'));
  const blamed = new Set(failed(job, all.at(-1)?.printed ?? ''));
  return {
    lost: wanted.filter((row) => !rows.has(row)).length,
    doubled: wanted.reduce((sum, row) => sum + Math.max(0, (rows.get(row) ?? 0) - 1), 0),
    ofFailed: [...rows.keys()].filter((row) => !good.has(row)).length,
    named: [...POISON.keys()].filter((n) => blamed.has(n)).length,
    blamed: GOOD.filter((n) => blamed.has(n)).length,
    twice: GOOD.filter((n) => (begun.get(String(n)) ?? 0) > 1).length,
  };
}

function countOf(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) if (line !== '') counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}
