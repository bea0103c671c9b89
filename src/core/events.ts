import type { Artifact } from './artifact.ts';
import type { ControlRequest } from './control.ts';
import type { Evidence } from './evidence.ts';
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
  /** What was seen of the child that died over it; absent where the item threw. */
  readonly evidence?: Evidence;
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
  /** Items whose rows cannot be told apart: a command was given several at once. Absent: every item has its own. */
  readonly groups?: readonly Span[];
}

/** A part's committed content. */
export interface Receipt extends PartTotals {
  readonly failed: readonly ItemFailure[];
  /** Sum of the time spent in items, in milliseconds. */
  readonly itemMs: number;
  /** The time that the part and its ledger took to write and sync; absent where nobody was left to tell. */
  readonly writeMs?: number;
  /** Files of their own that items have made. */
  readonly artifacts?: readonly Artifact[];
  /** Where parameters are swept: milliseconds of setting up for their combinations. */
  readonly setupMs?: number;
  /** What the attempt took of the machine, where that was asked for. */
  readonly usage?: Usage;
}

/** What an attempt took of the machine. Sizes in bytes, times in milliseconds. */
export interface Usage {
  /** Memory of the child when it was set up, and the most it had. */
  readonly startRss: number;
  readonly peakRss: number;
  /** What an item added to its memory, once it had warmed up; null where there were too few to tell. */
  readonly growth: number | null;
  readonly wallMs: number;
  /** CPU of the process, and the time in which its event loop did anything but wait. */
  readonly cpuMs: number;
  readonly busyMs: number;
}

/** `plan`: it froze the plan, and at most measured some items; `shard`: it did some shards alone. */
export type SessionMode = 'run' | 'resume' | 'rerun' | 'plan' | 'shard';

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
  /** This session does nothing but what is owed of these positions. */
  | { readonly type: 'scoped'; readonly spans: readonly Span[] }
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
      /** Of one that died: the last lines that it printed, and how many processes the kernel's OOM killer ended meanwhile. */
      readonly said?: readonly string[];
      readonly oomKills?: number;
    }
  /** A child was told to go: first by message, then SIGTERM, then SIGKILL to its group. */
  | { readonly type: 'child-told'; readonly child: number; readonly how: 'message' | 'SIGTERM' | 'SIGKILL'; readonly why: Cause }
  /** A child at work is near a limit, or is retired early by one: told before anybody is ended for it. */
  | ({ readonly type: 'limit-near'; readonly child: number; readonly limit: Cause; readonly message: string } & AttemptId)
  /** `--memory-free`, in bytes: nothing new begins (`holding`), a child is ended and its batch put back (`ending`), it is over (`enough`). */
  | {
      readonly type: 'memory-free';
      readonly state: 'holding' | 'ending' | 'enough';
      readonly available: number;
      readonly wanted: number;
      readonly child?: number;
    }
  | { readonly type: 'guard-started'; readonly pid: number }
  /** Somebody steered the run: from another terminal, or a program by its handle. */
  | { readonly type: 'controlled'; readonly request: ControlRequest }
  /** Every child and every clock stands still (Ctrl-Z), until `awoke`. */
  | { readonly type: 'suspended' }
  /** They go on; `ms` counts as nobody's time. Without `suspended` before it, this process itself had been stopped from outside. */
  | { readonly type: 'awoke'; readonly ms: number }
  /** An attempt has finished nothing for `quietMs`, five times its shard's p99 or more; `doing`: what every child was at. */
  | ({
      readonly type: 'alarmed';
      readonly child: number;
      readonly quietMs: number;
      readonly p99Ms: number;
      readonly doing: readonly ChildDoing[];
    } & AttemptId)
  /** It has finished something again. */
  | ({ readonly type: 'calmed' } & AttemptId)
  | { readonly type: 'warned'; readonly message: string }
  /** What calls came to since the last such line; one every few seconds at most. */
  | { readonly type: 'called'; readonly calls: Partial<CallStats> }
  /** The run has spent no more than this against `--max-calls` and the like, as long as there is no later such line. */
  | ({ readonly type: 'reserved' } & Amounts)
  /** `message`: what is at fault, where no other event has said it. */
  | { readonly type: 'stopping'; readonly why: StopReason; readonly how: 'drain' | 'kill'; readonly message?: string }
  | {
      readonly type: 'merged';
      readonly output: string;
      readonly rows: number;
      readonly bytes: number;
      readonly sha256: string;
      readonly ms: number;
      /** What was ready early was written while the run went on. */
      readonly early?: true;
    }
  | { readonly type: 'closed'; readonly state: EndState }
);

/** What a child is at. `silentMs`: since its last heartbeat; its event loop is blocked where that is long. */
export interface ChildDoing extends AttemptId {
  readonly child: number;
  readonly pid: number;
  readonly done: number;
  readonly total: number;
  readonly rssBytes: number | null;
  readonly silentMs: number;
  /** Items in flight, the oldest first. */
  readonly items: readonly { readonly key: string; readonly ms: number }[];
  /** The last lines that it printed. */
  readonly lines: readonly string[];
}

/** `normal`: as the user asked; `careful`: every start is written down before it happens; `alone`: careful, one item at a time. */
export type AttemptMode = 'normal' | 'careful' | 'alone';
export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'halt' | 'deadline' | 'budget' | 'ctl' | 'abort' | 'setup' | 'disk' | 'merge';
/** How a session ended: all items settled and merged, settled with failures, or stopped and resumable. */
export type EndState = 'done' | 'failed' | 'stopped';
export type EventType = RunEvent['type'];
