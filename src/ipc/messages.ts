import type { Artifact } from '../core/artifact.ts';
import type { PartFormat } from '../core/part-format.ts';
import type { Settled } from '../core/budget.ts';
import type { CommandSpec } from '../core/command.ts';
import type { AttemptMode, ItemFailure, PartTotals, Usage } from '../core/events.ts';
import type { Grid } from '../core/grid.ts';
import type { Span } from '../core/intervals.ts';
import type { ItemsRef } from '../core/plan.ts';
import type { CallStats } from '../core/call-stats.ts';
import { type CallAnswer, type CallAsk, type CallSettings, isCallAsk } from './call-messages.ts';

/** What a child needs once, before any work. Paths are absolute. */
export interface InitMessage {
  readonly type: 'init';
  readonly worker: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Parameters that are swept: these come with the items. */
  readonly grid?: Grid;
  readonly columns: readonly string[] | null;
  readonly partFormat: PartFormat;
  /** The output is CSV or Parquet, where NaN and the infinities are kept, in parts by name; JSON has none for them. */
  readonly namesNonFinite: boolean;
  readonly calls: CallSettings;
  /** There is no module to import: a command makes the rows. */
  readonly command?: CommandInit;
}

/** What a child needs to run a command: besides it the run's name and its folder, absolute. */
export interface CommandInit {
  readonly spec: CommandSpec;
  readonly run: string;
  readonly folder: string;
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
  /** A file that says when the children stood still, if they ever did. */
  readonly stops: string;
  readonly ledger: string;
  /** The folder for artifacts until they are committed; made by whoever needs it. */
  readonly staged: string;
  /** The file that it prints to; absent: where it prints already. */
  readonly log?: string;
  readonly concurrency: number;
  readonly retries: number;
  /** Milliseconds after which an item's signal is aborted. */
  readonly itemTimeout?: number;
  /** Tries that some of the items have behind them. */
  readonly tries: readonly (readonly [index: number, tries: number])[];
  /** Measure what it takes of the machine. */
  readonly measure?: true;
}

export type ToChild =
  | InitMessage
  | WorkMessage
  | PermitAnswer
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

/** Permits as the child that wants them numbers them; times in milliseconds on the machine's monotonic clock. */
export interface PermitNews {
  readonly type: 'permits';
  readonly wanted: readonly (readonly [id: number, budget: string, requests: number, tokens: number])[];
  readonly fired: readonly (readonly [id: number, at: number])[];
  readonly settled: readonly ({ readonly id: number } & Settled)[];
  /** Not used in their time, and still wanted. */
  readonly returned: readonly number[];
  /** No longer wanted, granted or not. */
  readonly cancelled: readonly number[];
  /** Calls that nobody had asked leave for, and that the API wants a pause after. */
  readonly limited: readonly ({ readonly budget: string } & Settled)[];
}

export type PermitAnswer =
  /** Leave to call at these times. `prompt`: it matters to others to hear at once when a call leaves and ends. */
  | { readonly type: 'granted'; readonly prompt: boolean; readonly slots: readonly (readonly [id: number, at: number])[] }
  /** No call of this budget before then. */
  | { readonly type: 'paused'; readonly budget: string; readonly until: number }
  /** These can never be granted. */
  | { readonly type: 'refused'; readonly ids: readonly number[]; readonly message: string };

export type ToParent =
  | PermitNews
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
      /** Memory in use, in bytes. */
      readonly rss: number;
      /** True once every item is settled: what is left is to write it all to the disk. */
      readonly closing: boolean;
      /** The items under way, the oldest first, as far as they can be listed. */
      readonly open: readonly OldestItem[];
      /** Items that were given up. */
      readonly failed: number;
      /** `ItemTimes` of this attempt, packed. */
      readonly times: readonly number[];
      /** What calls came to since the last message that said so. */
      readonly calls?: Partial<CallStats>;
    }
  | {
      readonly type: 'tried';
      readonly index: number;
      readonly key: string;
      readonly tries: number;
      readonly message: string;
      /** Absent: it threw. */
      readonly cause?: ItemFailure['cause'];
    }
  | { readonly type: 'halved'; readonly spans: readonly Span[] }
  | {
      readonly type: 'receipt';
      readonly spans: readonly Span[];
      readonly totals: PartTotals;
      readonly failed: readonly ItemFailure[];
      readonly itemMs: number;
      /** How long the part and its ledger took to write and sync. */
      readonly writeMs: number;
      readonly artifacts?: readonly Artifact[];
      /** Where parameters are swept: how long the worker was set up for their combinations. */
      readonly setupMs?: number;
      readonly rss: number;
      readonly usage?: Usage;
      readonly times: readonly number[];
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
const isNumbers: Check = (value) => Array.isArray(value) && value.every(isNumber);
const isText: Check = (value) => typeof value === 'string';
const isSpans: Check = (value) =>
  Array.isArray(value) && value.every((span) => Array.isArray(span) && span.length === 2 && span.every(isNumber));
const isTotals: Check = (value) => typeof value === 'object' && value !== null && 'ledgerCrc32' in value;

/** What a message must have besides its type. */
const toParent: Readonly<Record<ToParent['type'], Readonly<Record<string, Check>>>> = {
  ready: { setupMs: isNumber },
  'setup-failed': { message: isText },
  progress: {
    settled: isNumber,
    rows: isNumber,
    begun: isNumber,
    open: Array.isArray,
    failed: isNumber,
    times: isNumbers,
    rss: isNumber,
  },
  tried: { index: isNumber, key: isText, tries: isNumber, message: isText },
  halved: { spans: isSpans },
  receipt: {
    spans: isSpans,
    totals: isTotals,
    failed: Array.isArray,
    itemMs: isNumber,
    writeMs: isNumber,
    rss: isNumber,
    times: isNumbers,
  },
  call: { ask: isCallAsk },
  crashed: { message: isText },
  broken: { message: isText },
  permits: {
    wanted: Array.isArray,
    fired: Array.isArray,
    settled: Array.isArray,
    returned: Array.isArray,
    cancelled: Array.isArray,
    limited: Array.isArray,
  },
};
const toChild = new Set<string>([
  'init',
  'work',
  'granted',
  'paused',
  'refused',
  'halve',
  'stop',
  'retire',
  'answer',
] satisfies ToChild['type'][]);

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
