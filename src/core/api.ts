import type { Arrangement } from './arrangement.ts';
import type { Cause } from './outcome.ts';

/** What `shardyard plan` shows: the shards and batches that `run` would make. */
export interface PlanPreview {
  readonly worker: string;
  readonly items: number;
  /** Where parameters are swept: so many combinations are in the number of items. */
  readonly combinations?: number;
  readonly processes: number;
  readonly concurrency: number;
  readonly batchSize: number;
  readonly emptyShards: number;
  readonly shards: readonly {
    readonly index: number;
    readonly start: number;
    readonly end: number;
    readonly batches: number;
    readonly firstKey: string;
    readonly lastKey: string;
  }[];
  readonly columns: readonly string[] | null;
  readonly output: string;
}

/** A line of `shardyard runs`. Times in milliseconds since 1970. */
export interface RunInfo {
  readonly run: string;
  readonly state: 'planning' | 'running' | 'paused' | 'suspended' | 'interrupted' | 'done' | 'failed' | 'stopped' | 'unreadable';
  readonly items: number;
  readonly done: number;
  readonly failed: number;
  readonly startedAt: number | null;
  readonly ms: number | null;
  readonly output: string;
}

/** Which run, and where runs and logs are. Defaults: the latest, `data`, `logs`. */
export interface RunChoice {
  readonly run?: string;
  readonly dataDir?: string;
  readonly logsDir?: string;
}

/** What of the three is left out is as the run remembers it. */
export interface MergeOptions extends RunChoice, Arrangement {
  readonly output?: string;
  /** Merge what is done of an unfinished run. */
  readonly partial?: boolean;
  readonly strictColumns?: boolean;
  /** Without the `unique`, `sort` and `validate` that the run remembers. */
  readonly asIs?: boolean;
}

export interface MergeResult {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly failedItems: number;
}

export interface ReplayOptions extends RunChoice {
  /** Key of the item. */
  readonly key: string;
  /** The worker module, where it has moved. */
  readonly worker?: string;
  /** Wait for a debugger before the worker is loaded. */
  readonly inspect?: boolean;
  /** Aborted: the child is asked to end, and ended soon after. */
  readonly signal?: AbortSignal;
  /** Takes the rows, as the run would write them, if the item succeeds. */
  readonly onRows: (bytes: Uint8Array) => Promise<void>;
  /** Called before the item begins. */
  readonly onBegin?: (what: { readonly run: string; readonly index: number; readonly shard: number; readonly isChanged: boolean }) => void;
}

/** How a replay ended. Time in milliseconds. */
export type Replayed =
  | { readonly ok: true; readonly rows: number; readonly ms: number }
  | { readonly ok: false; readonly cause: Cause; readonly message: string };
