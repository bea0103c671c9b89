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
export interface LaunchOptions {
  /** Path of the worker module. */
  readonly worker: string;
  readonly items?: string;
  readonly key?: string;
  readonly limit?: number;
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
  readonly dataDir?: string;
  readonly logsDir?: string;
}

/** What a later session of a run may change. */
export type ResumeOptions = Omit<Partial<LaunchOptions>, 'worker' | 'name' | 'dataDir' | 'logsDir'> & {
  /** Name of the run; default: the latest. */
  readonly run?: string;
  readonly worker?: string;
  readonly dataDir?: string;
  readonly logsDir?: string;
  /** The worker file has changed: keep the rows that are there, or throw them away. */
  readonly changed?: 'keep' | 'fresh';
};

/** What to do again. `failed`: everything that is not done. */
export type RerunChoice =
  | { readonly kind: 'failed' }
  | { readonly kind: 'shards'; readonly shards: string }
  | { readonly kind: 'items'; readonly keys: readonly string[] };
