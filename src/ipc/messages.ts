import type { AttemptMode, ItemFailure, PartTotals } from '../core/events.ts';
import type { Span } from '../core/intervals.ts';
import type { ItemsRef } from '../core/plan.ts';
import type { CallStats } from '../core/call-stats.ts';
import { type CallAnswer, type CallAsk, type CallSettings, isCallAsk } from './call-messages.ts';

/** What a child needs once, before any work. Paths are absolute. */
export interface InitMessage {
  readonly type: 'init';
  readonly worker: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly columns: readonly string[] | null;
  readonly partFormat: 'csv' | 'ndjson';
  /** The output is CSV, where NaN and the infinities have names; JSON has none for them. */
  readonly namesNonFinite: boolean;
  readonly calls: CallSettings;
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
  | { readonly type: 'retire' }
  | { readonly type: 'answer'; readonly id: number; readonly answer: CallAnswer };

/** An item under way. */
export interface OldestItem {
  readonly key: string;
  readonly ms: number;
}

export type ToParent =
  | { readonly type: 'ready'; readonly setupMs: number }
  | { readonly type: 'setup-failed'; readonly message: string }
  /** The heartbeat of a child at work, at most ten a second. */
  | {
      readonly type: 'progress';
      readonly settled: number;
      readonly rows: number;
      readonly begun: number;
      readonly lastKey: string | null;
      /** The item that has been under way longest, and for how many milliseconds. */
      readonly oldest: OldestItem | null;
      /** What calls came to since the last message that said so. */
      readonly calls?: Partial<CallStats>;
    }
  | { readonly type: 'tried'; readonly index: number; readonly key: string; readonly tries: number; readonly message: string }
  | { readonly type: 'halved'; readonly spans: readonly Span[] }
  | {
      readonly type: 'receipt';
      readonly spans: readonly Span[];
      readonly totals: PartTotals;
      readonly failed: readonly ItemFailure[];
      readonly itemMs: number;
      readonly rss: number;
      readonly calls?: Partial<CallStats>;
    }
  /** A question or news about calls of an API. */
  | { readonly type: 'call'; readonly ask: CallAsk }
  /** The process is about to die of an error that nobody caught. */
  | { readonly type: 'crashed'; readonly message: string }
  /** Something that is not an item's fault: the disk is full, the items cannot be read, the log cannot be opened. */
  | { readonly type: 'broken'; readonly message: string; readonly code: string | undefined };

/** What is about calls and nothing else. */
export type CallMessage = Extract<ToParent, { type: 'call' }>;

type Check = (value: unknown) => boolean;
const isNumber: Check = (value) => typeof value === 'number';
const isText: Check = (value) => typeof value === 'string';
const isSpans: Check = (value) =>
  Array.isArray(value) && value.every((span) => Array.isArray(span) && span.length === 2 && span.every(isNumber));
const isTotals: Check = (value) => typeof value === 'object' && value !== null && 'ledgerCrc32' in value;

/** What a message must have besides its type. */
const toParent: Readonly<Record<ToParent['type'], Readonly<Record<string, Check>>>> = {
  ready: { setupMs: isNumber },
  'setup-failed': { message: isText },
  progress: { settled: isNumber, rows: isNumber, begun: isNumber },
  tried: { index: isNumber, key: isText, tries: isNumber, message: isText },
  halved: { spans: isSpans },
  receipt: { spans: isSpans, totals: isTotals, failed: Array.isArray, itemMs: isNumber, rss: isNumber },
  call: { ask: isCallAsk },
  crashed: { message: isText },
  broken: { message: isText },
};
const toChild = new Set<string>(['init', 'work', 'halve', 'stop', 'retire', 'answer'] satisfies ToChild['type'][]);

/** A message as it goes over the channel, which a worker may use as well for messages of its own. */
export interface Envelope<Message> {
  readonly shardyard: Message;
}

/** A message from a child, or `undefined` for anything else that came over its channel. */
export function asToParent(raw: unknown): ToParent | undefined {
  const message = opened(raw);
  if (typeof message !== 'object' || message === null) return undefined;
  const fields = Object.entries(toParent).find(([type]) => 'type' in message && message.type === type)?.[1];
  if (!fields || Object.entries(fields).some(([field, check]) => !check(Reflect.get(message, field)))) return undefined;
  return message as ToParent;
}

/** A message from the parent. */
export function asToChild(raw: unknown): ToChild | undefined {
  const message = opened(raw);
  return tagged(message, toChild) ? (message as ToChild) : undefined;
}

/** What is in an envelope. */
export function opened(raw: unknown): unknown {
  return typeof raw === 'object' && raw !== null && 'shardyard' in raw ? raw.shardyard : undefined;
}

function tagged(message: unknown, tags: ReadonlySet<string>): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && typeof message.type === 'string' && tags.has(message.type);
}
