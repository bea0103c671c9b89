import type { Report } from './report.ts';

/** Where two runs that should be the same first differ. */
export type Difference =
  /** The lists of items themselves differ at a position: the worker's `items` does not always give the same. */
  | { readonly what: 'items'; readonly index: number; readonly key: string | null; readonly aloneKey: string | null }
  /** An item has rows in one run and not in the other. `missingIn`: where it failed. */
  | { readonly what: 'item'; readonly index: number; readonly key: string; readonly missingIn: 'run' | 'alone' }
  /** A row; counted from 1, without a header, in the output and among the rows of its item. Its text as it is in the parts; null: there is none. */
  | {
      readonly what: 'row';
      readonly index: number;
      readonly key: string;
      readonly row: number;
      readonly rowOfItem: number;
      readonly text: string | null;
      readonly aloneText: string | null;
    }
  | { readonly what: 'artifact'; readonly key: string; readonly name: string }
  /** The rows are the same, and what was merged from them is not. */
  | { readonly what: 'output' };

/** Where the time of a run went, in milliseconds. */
type Spent = Report['time'];

/** What `run --verify` has found: the same work done with the processes that were asked for, and with one. */
export interface Verification {
  readonly version: 1;
  readonly run: string;
  /** The run with one process. Its folders are gone where both are the same. */
  readonly alone: string;
  readonly processes: number;
  readonly identical: boolean;
  readonly difference: Difference | null;
  /** Where the time went, and how often the run with one process took as long. */
  readonly time: Spent;
  readonly aloneTime: Spent;
  readonly speedUp: number;
  readonly exitCode: number;
}

/** What has come of it: the reports of both runs, or of the one that was stopped, as then there is nothing to compare. */
export interface Verified {
  readonly reports: readonly Report[];
  readonly verification: Verification | null;
}

/** The first position at which two texts of bytes differ; their length where they are the same. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a[at] === b[at]) at++;
  return at;
}

const LF = 10;
const QUOTE = 34;

/** The row that a byte is in, as `[start, end)` without its line feed, and its number from 0. Line feeds within quotes of CSV are no ends. */
export function rowAt(bytes: Uint8Array, position: number, format: 'csv' | 'ndjson'): { number: number; start: number; end: number } {
  let [number, start, isQuoted] = [0, 0, false];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === QUOTE && format === 'csv') isQuoted = !isQuoted;
    if (bytes[at] !== LF || isQuoted) continue;
    if (position <= at) return { number, start, end: at };
    number++;
    start = at + 1;
  }
  return { number, start, end: bytes.length };
}
