import type { Arrangement } from './arrangement.ts';
import type { GivenGrid } from './grid.ts';

/** When to give up early: start nothing new (`soon`) or end everything (`now`) once so many items have failed. */
export interface Halt {
  readonly when: 'now' | 'soon';
  readonly fail: { readonly count: number } | { readonly percent: number };
}

/** When a session is to be over: so long after its beginning, at a moment (ms since 1970), or when a clock shows so many minutes after midnight. */
export type Deadline = { readonly after: number } | { readonly at: number } | { readonly clock: number };

/** An amount of failures that is tolerated. */
export type Tolerance = { readonly count: number } | { readonly percent: number };

export type Progress = 'auto' | 'bar' | 'plain' | 'json' | 'none';

/**
 * What `launch` takes; every field is one of the command line's options (README, `shardyard run --help`). Left out: the default.
 * Times in milliseconds, sizes in bytes.
 */
export interface LaunchOptions extends Arrangement {
  /** Path of the worker module; of a command, what to call it (empty: by its script or executable). */
  readonly worker: string;
  /** A command and its arguments, with placeholders, that makes the rows instead of a module. See README, "Run any executable". */
  readonly command?: readonly string[];
  readonly collect?: string;
  readonly collectAs?: 'csv' | 'json' | 'parquet';
  readonly itemColumn?: string;
  readonly columns?: readonly string[];
  readonly items?: string;
  readonly key?: string;
  readonly limit?: number;
  /** Parameters that are swept: every item is done once for each combination of their values, the first parameter varying slowest. */
  readonly grid?: GivenGrid;
  readonly processes?: number;
  readonly shards?: number;
  readonly batchSize?: number;
  readonly concurrency?: number;
  readonly stagger?: number;
  readonly spares?: number;
  readonly nodeArgs?: readonly string[];
  readonly name?: string;
  readonly output?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly retries?: number;
  readonly itemTimeout?: number;
  readonly batchTimeout?: number;
  readonly stallTimeout?: number;
  readonly maxRss?: number;
  readonly memoryFree?: number;
  readonly maxFailures?: Tolerance;
  readonly halt?: Halt;
  /** Of this session only: a later one does not remember it. */
  readonly deadline?: Deadline;
  readonly strictColumns?: boolean;
  /** Limits of the default budget, over all children: `8/s`, `1000/min`, `50/day`, `90000tokens/min`. */
  readonly rate?: readonly string[];
  readonly minDelay?: number;
  readonly maxInFlight?: number;
  /** The part of every rate that stays unused: `5%`. */
  readonly headroom?: string;
  /** More budgets, `gemini:8/s,1000/min`, and `redis://…` where several machines share them. */
  readonly budget?: readonly string[];
  /** A folder, the URL of a Redis, or `off`; default `cache` in the data folder. */
  readonly cache?: string;
  /** How long what is cached holds; default: for ever. */
  readonly cacheTtl?: number;
  /** The most that a folder keeps, in bytes. */
  readonly cacheSize?: number;
  /** The most that the run may take, in all its sessions. */
  readonly maxCalls?: number;
  readonly maxTokens?: number;
  readonly maxCost?: number;
  readonly dataDir?: string;
  readonly logsDir?: string;
}

type CommandOption = 'command' | 'collect' | 'collectAs' | 'itemColumn' | 'columns';

/** What a later session of a run may change. */
export type ResumeOptions = Omit<Partial<LaunchOptions>, CommandOption | 'worker' | 'name' | 'dataDir' | 'logsDir'> & {
  /** Name of the run; default: the latest. */
  readonly run?: string;
  readonly worker?: string;
  readonly dataDir?: string;
  readonly logsDir?: string;
  /** The worker file has changed: keep the rows that are there, or throw them away. */
  readonly changed?: 'keep' | 'fresh';
  /** The URL of the run's own cache, with the password that a run does not keep; one of another cache is of no interest. */
  readonly cacheLogin?: string;
};

/** What to do again. `failed`: everything that is not done. */
export type RerunChoice =
  | { readonly kind: 'failed' }
  | { readonly kind: 'shards'; readonly shards: string }
  | { readonly kind: 'items'; readonly keys: readonly string[] };
