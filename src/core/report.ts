import type { Artifact } from './artifact.ts';
import type { Evidence } from './evidence.ts';
import type { BudgetTotals, BudgetView } from './budget-view.ts';
import type { Cause } from './outcome.ts';
import type { ChildDoing, EndState, StopReason } from './events.ts';
import type { CallReport } from './call-stats.ts';

/** So many failed items are listed in `report.json` and by `status`; the journal has all of them. */
export const MOST_LISTED = 1000;

/** A failed item as shown to the user. `message`: at most 200 characters of it; the log has all. */
export interface FailureRow {
  readonly index: number;
  readonly key: string;
  readonly shard: number;
  readonly cause: Cause;
  readonly message: string;
  readonly tries: number;
  /** What was seen of the child that died over it; null where the item threw, and for all but the first 1,000 failures of a run. */
  readonly evidence: Evidence | null;
  /** Path of the log that holds what the child printed. */
  readonly log: string;
}

/** Why a session ended before its work was done. */
export interface Stopped {
  readonly why: StopReason;
  /** What was at fault, as far as it is known: what `setup` threw, which rule of `--halt`, what the disk said, why the merge was refused. */
  readonly message: string | null;
  /** Path of the log that has more of it. */
  readonly log: string | null;
}

/** One shard in `status`. `waiting`: not begun or between batches. */
export interface ShardStatus {
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  readonly done: number;
  readonly failed: number;
  readonly rows: number;
  readonly attempts: number;
  readonly pid: number | null;
  readonly rssBytes: number | null;
  /** The most memory that one of its children was seen with, in the last session. */
  readonly peakRssBytes: number | null;
  /** How long (ms) the calls of its child have waited for permits; absent where nothing is charged to a budget. */
  readonly waitedMs?: number;
  readonly log: string;
}

/** Whether somebody is at work on a run in this state. */
export const isGoingOn = (state: Status['state']): boolean => ['planning', 'running', 'paused', 'suspended'].includes(state);

/** An attempt that has finished nothing for five times its shard's p99 or longer, and what all children were doing when that was noticed. */
export interface AlarmStatus {
  readonly shard: number;
  readonly batch: number;
  readonly quietMs: number;
  readonly p99Ms: number;
  readonly doing: readonly ChildDoing[];
}

/**
 * `shardyard status --json`. Rates are items a second. An item is either done, failed, running or waiting; only one that failed and kept
 * the rows of an earlier try is both done and failed. An item that is to be done again is not done.
 */
export interface Status {
  readonly run: string;
  readonly state: 'planning' | 'running' | 'paused' | 'suspended' | 'interrupted' | EndState;
  /** Why the last session, or the one that is going on, was or is being stopped; null when it was not. */
  readonly stopped: Stopped | null;
  readonly items: {
    readonly total: number;
    readonly done: number;
    readonly failed: number;
    readonly running: number;
    readonly waiting: number;
  };
  readonly rows: number;
  readonly rate: number | null;
  readonly etaSeconds: number | null;
  /** The most memory that a child was seen with, in the last session. */
  readonly peakRssBytes: number | null;
  /** Attempts of a run that is going on that have finished nothing for suspiciously long. */
  readonly alarms: readonly AlarmStatus[];
  readonly shards: readonly ShardStatus[];
  /** The first 1,000 in item order; `items.failed` counts all. */
  readonly failures: readonly FailureRow[];
  /** Failed items that are not listed in `failures`. */
  readonly failuresLeftOut: number;
  /** Of all sessions; null where no call was made. */
  readonly calls: CallReport | null;
  readonly output: string;
  /** Absent where no call is limited or counted, or nobody is at work. */
  readonly budgets?: readonly BudgetView[];
}

/** One slot as a progress bar shows it. */
export interface SlotView {
  readonly slot: number;
  readonly shard: number | null;
  readonly batch: number | null;
  readonly stolen: boolean;
  readonly pid: number | null;
  /** Items of the current batch: settled so far, and in all. */
  readonly done: number;
  readonly total: number;
  readonly rate: number | null;
  readonly rssBytes: number | null;
  /** The most that its child was seen with. */
  readonly peakRssBytes: number | null;
  readonly lastKey: string | null;
  /** For how long it has finished nothing, where that is suspicious (an alarm). */
  readonly stuckMs?: number;
  /** How long (ms) its child's calls have waited for permits in all; absent where nothing is charged to a budget. */
  readonly waitedMs?: number;
}

/** The run as it stands right now; what is not in the journal because it changes all the time. */
export interface Snapshot {
  readonly run: string;
  readonly phase: 'planning' | 'working' | 'paused' | 'suspended' | 'stopping' | 'merging' | 'ended';
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly rows: number;
  /** Of this session's own work, smoothed; items a second. */
  readonly rate: number | null;
  readonly etaSeconds: number | null;
  readonly elapsedMs: number;
  /** The most memory that a child of this session was seen with. */
  readonly peakRssBytes: number | null;
  readonly slots: readonly SlotView[];
  /** Absent where no call is limited or counted. */
  readonly budgets?: readonly BudgetView[];
  readonly calls: CallReport | null;
}

/** An artifact as it is listed; `key` is its item's. */
export type ListedArtifact = Omit<Artifact, 'index'>;

export interface ArtifactReport {
  readonly folder: string;
  readonly count: number;
  readonly bytes: number;
  /** The first 1,000 in item order; the output's `.meta.json` has all. */
  readonly files: readonly ListedArtifact[];
}

/** What is printed at the end and written to `report.json`. Times are in milliseconds. */
export interface Report {
  readonly version: 1;
  readonly run: string;
  readonly state: EndState;
  readonly exitCode: number;
  /** Null unless the session was stopped early. */
  readonly stopped: Stopped | null;
  /** `failed` includes items that kept the rows of an earlier try; these are also in `done`. */
  readonly items: { readonly total: number; readonly done: number; readonly failed: number; readonly owed: number };
  /** Of a session that was limited to a part of the run (`plan --calibrate`, `shard`): how that part stands. */
  readonly scope?: { readonly total: number; readonly done: number; readonly failed: number };
  readonly rows: number;
  readonly failedByCause: Readonly<Partial<Record<Cause, number>>>;
  /** The first 1,000 in item order; `items.failed` and `failedByCause` count all. */
  readonly failures: readonly FailureRow[];
  /** Failed items that are not listed in `failures`. */
  readonly failuresLeftOut: number;
  /** Items whose rerun failed and that kept their old rows; keys. */
  readonly keptOldRows: readonly string[];
  readonly retries: number;
  /** Calls of APIs, of all sessions of the run; null where none was made. */
  readonly calls: CallReport | null;
  readonly children: { readonly started: number; readonly died: number; readonly peakRssBytes: number };
  readonly parentPeakRssBytes: number;
  readonly time: {
    readonly wall: number;
    readonly planning: number;
    /** Summed over children. */
    readonly setup: number;
    /** Summed over items. */
    readonly items: number;
    /** Of rows, in children, synced; summed over children. */
    readonly writing: number;
    readonly merging: number;
  };
  /** Summed item time over wall time, of this session. */
  readonly speedUp: number | null;
  readonly output: { readonly file: string; readonly rows: number; readonly bytes: number; readonly sha256: string } | null;
  /** The files that items have made beside their rows; absent where there are none. */
  readonly artifacts?: ArtifactReport;
  readonly folder: string;
  readonly logs: string;
  /** The exact command that does what is left or failed; null when nothing is. */
  readonly next: string | null;
  readonly warnings: readonly string[];
  /** What this session charged to each budget; absent where no call was limited or counted. */
  readonly budgets?: readonly (Pick<BudgetView, 'name' | 'rpmLimit' | 'freeAt'> & BudgetTotals)[];
}
