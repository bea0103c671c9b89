import type { Span } from './intervals.ts';
import type { CallStats } from './call-stats.ts';
import type { Cause } from './outcome.ts';
import type { Amounts } from './spending.ts';

/** One try at one batch, by name: `shard-00003.batch-00002.attempt-1`. Unique within a run, whatever its plans. */
export interface AttemptId {
  readonly shard: number;
  readonly batch: number;
  readonly attempt: number;
}

/** An item that has no rows (or kept its old ones), and why. */
export interface ItemFailure {
  readonly index: number;
  readonly key: string;
  readonly cause: Cause;
  readonly message: string;
  readonly tries: number;
}

/** What a part and its ledger hold. `plain`: the part's bytes from 0 are the rows of its items in order; else only the ledger knows. */
export interface PartTotals {
  readonly items: number;
  readonly rows: number;
  /** Bytes of the rows of all done items. */
  readonly bytes: number;
  /** CRC-32 over these bytes, in the order of the ledger. */
  readonly crc32: number;
  readonly layout: 'plain' | 'scattered';
  readonly ledgerLines: number;
  readonly ledgerBytes: number;
  readonly ledgerCrc32: number;
}

/** A part's committed content. */
export interface Receipt extends PartTotals {
  readonly failed: readonly ItemFailure[];
  /** Sum of the time spent in items, in milliseconds. */
  readonly itemMs: number;
}

export type SessionMode = 'run' | 'resume' | 'rerun';

/** What a session of a run was started to do. */
export interface Opened {
  readonly type: 'opened';
  readonly mode: SessionMode;
  readonly pid: number;
  /** Clock ticks since boot at which the parent was started, from `/proc/<pid>/stat`. */
  readonly pidStart: string;
  readonly version: string;
  readonly processes: number;
  /** Tries again of a failed item. */
  readonly retries: number;
  /** SHA-256 of the worker file, and what was done with earlier rows where it had changed. */
  readonly worker: string;
  readonly changed?: 'keep' | 'fresh';
}

/** What the journal holds: everything that happened in a run, each with the time `at` in milliseconds since 1970. */
export type RunEvent = { readonly at: number } & (
  | Opened
  /** `plan-<plan>.json` is current from here on. */
  | { readonly type: 'planned'; readonly plan: number; readonly items: number; readonly shards: number; readonly batchSize: number }
  /** How the items of a new plan compare with those of the one before. */
  | { readonly type: 'matched'; readonly done: number; readonly failed: number; readonly fresh: number; readonly gone: number }
  /** These positions are to be done (again); rows that are there stay until the new ones are committed. */
  | { readonly type: 'owed'; readonly spans: readonly Span[] }
  | { readonly type: 'child-started'; readonly child: number; readonly pid: number; readonly pidStart: string }
  | { readonly type: 'child-ready'; readonly child: number; readonly setupMs: number }
  | ({
      readonly type: 'dispatched';
      readonly child: number;
      readonly slot: number;
      readonly spans: readonly Span[];
      /** `stolen`: the slot works for a shard of another slot, into a log of its own. */
      readonly stolen: boolean;
      readonly mode: AttemptMode;
    } & AttemptId)
  /** A running attempt gave up these positions, which another slot takes. */
  | ({ readonly type: 'halved'; readonly spans: readonly Span[] } & AttemptId)
  /** An item threw and is tried again. `tries` counts the tries so far. */
  | ({
      readonly type: 'tried';
      readonly index: number;
      readonly key: string;
      readonly tries: number;
      readonly cause: Cause;
      readonly message: string;
    } & AttemptId)
  /** An item is given up: it was in flight, alone, whenever its child died. */
  | ({ readonly type: 'item-failed'; readonly failure: ItemFailure } & AttemptId)
  /** Rows of these positions count from here on. */
  | ({
      readonly type: 'committed';
      readonly spans: readonly Span[];
      readonly receipt: Receipt;
      readonly salvaged: boolean;
      readonly ms: number;
      readonly rss: number;
    } & AttemptId)
  /** An attempt is over; what it did not commit is owed. `suspects` were in flight when its child died. */
  | ({
      readonly type: 'attempt-ended';
      readonly cause: Cause;
      readonly suspects: readonly Span[];
      readonly exact: boolean;
      readonly message?: string;
    } & AttemptId)
  | {
      readonly type: 'child-ended';
      readonly child: number;
      readonly cause: Cause;
      readonly code: number | null;
      readonly signal: string | null;
      readonly asked: boolean;
      /** The most memory it was seen with, in bytes; 0 when it was never looked at. */
      readonly rss: number;
      readonly message?: string;
    }
  /** A child was told to go: first by message, then SIGTERM, then SIGKILL to its group. */
  | { readonly type: 'child-told'; readonly child: number; readonly how: 'message' | 'SIGTERM' | 'SIGKILL'; readonly why: Cause }
  | { readonly type: 'guard-started'; readonly pid: number }
  | { readonly type: 'warned'; readonly message: string }
  /** What calls came to since the last such line; one every few seconds at most. */
  | { readonly type: 'called'; readonly calls: Partial<CallStats> }
  /** The run has spent no more than this against `--max-calls` and the like, as long as there is no later such line. */
  | ({ readonly type: 'reserved' } & Amounts)
  | { readonly type: 'stopping'; readonly why: StopReason; readonly how: 'drain' | 'kill' }
  | {
      readonly type: 'merged';
      readonly output: string;
      readonly rows: number;
      readonly bytes: number;
      readonly sha256: string;
      readonly ms: number;
    }
  | { readonly type: 'closed'; readonly state: EndState }
);

/** `normal`: as the user asked; `careful`: every start is written down before it happens; `alone`: careful, one item at a time. */
export type AttemptMode = 'normal' | 'careful' | 'alone';
export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'halt' | 'abort' | 'setup' | 'disk' | 'budget';
/** How a session ended: all items settled and merged, settled with failures, or stopped and resumable. */
export type EndState = 'done' | 'failed' | 'stopped';
export type EventType = RunEvent['type'];
