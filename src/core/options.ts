/** When to give up early: start nothing new (`soon`) or end everything (`now`) once so many items have failed. */
export interface Halt {
  readonly when: 'now' | 'soon';
  readonly fail: { readonly count: number } | { readonly percent: number };
}

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
  readonly maxRss?: number;
  readonly maxFailures?: Tolerance;
  readonly halt?: Halt;
  readonly strictColumns?: boolean;
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
