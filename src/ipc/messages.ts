import type { AttemptMode, ItemFailure, PartTotals } from '../core/events.ts';
import type { Span } from '../core/intervals.ts';
import type { ItemsRef } from '../core/plan.ts';

/** What a child needs once, before any work. Paths are absolute. */
export interface InitMessage {
  readonly type: 'init';
  readonly worker: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly columns: readonly string[] | null;
  readonly partFormat: 'csv' | 'ndjson';
  /** The output is CSV, where NaN and the infinities have names; JSON has none for them. */
  readonly namesNonFinite: boolean;
}

/** One attempt: do these positions, write these files. */
export interface WorkMessage {
  readonly type: 'work';
  readonly shard: number;
  readonly batch: number;
  readonly attempt: number;
  readonly spans: readonly Span[];
  readonly mode: AttemptMode;
  readonly items: ItemsRef;
  readonly part: string;
  readonly ledger: string;
  readonly log: string;
  readonly concurrency: number;
  readonly retries: number;
  /** Milliseconds after which an item's signal is aborted. */
  readonly itemTimeout?: number;
  /** Tries that some of the items have behind them. */
  readonly tries: readonly (readonly [index: number, tries: number])[];
}

export type ToChild =
  | InitMessage
  | WorkMessage
  /** Give up the back half of what is not begun, if that would take longer than `worth` milliseconds; answered by `halved`. */
  | { readonly type: 'halve'; readonly worth: number }
  /** Begin nothing new, finish what is in flight, hand in the receipt. */
  | { readonly type: 'stop' }
  /** There is no work: end. */
  | { readonly type: 'retire' };

export type ToParent =
  | { readonly type: 'ready'; readonly setupMs: number }
  | { readonly type: 'setup-failed'; readonly message: string }
  /** The heartbeat of a child at work, at most ten a second. */
  | { readonly type: 'progress'; readonly settled: number; readonly rows: number; readonly begun: number; readonly lastKey: string | null }
  | { readonly type: 'tried'; readonly index: number; readonly key: string; readonly tries: number; readonly message: string }
  | { readonly type: 'halved'; readonly spans: readonly Span[] }
  | {
      readonly type: 'receipt';
      readonly spans: readonly Span[];
      readonly totals: PartTotals;
      readonly failed: readonly ItemFailure[];
      readonly itemMs: number;
      readonly rss: number;
    }
  /** The process is about to die of an error that nobody caught. */
  | { readonly type: 'crashed'; readonly message: string }
  /** Something that is not an item's fault: the disk is full, the items cannot be read, the log cannot be opened. */
  | { readonly type: 'broken'; readonly message: string; readonly code: string | undefined };

const toParent = new Set<string>([
  'ready',
  'setup-failed',
  'progress',
  'tried',
  'halved',
  'receipt',
  'crashed',
  'broken',
] satisfies ToParent['type'][]);
const toChild = new Set<string>(['init', 'work', 'halve', 'stop', 'retire'] satisfies ToChild['type'][]);

/** A message from a child, or `undefined` for anything else that a worker may have sent over the same channel. */
export function asToParent(message: unknown): ToParent | undefined {
  return tagged(message, toParent) ? (message as ToParent) : undefined;
}

/** A message from the parent. */
export function asToChild(message: unknown): ToChild | undefined {
  return tagged(message, toChild) ? (message as ToChild) : undefined;
}

function tagged(message: unknown, tags: ReadonlySet<string>): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && typeof message.type === 'string' && tags.has(message.type);
}
