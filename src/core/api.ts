/** What `shardyard plan` shows: the shards and batches that `run` would make. */
export interface PlanPreview {
  readonly worker: string;
  readonly items: number;
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

export interface MergeOptions extends RunChoice {
  readonly output?: string;
  /** Merge what is done of an unfinished run. */
  readonly partial?: boolean;
  readonly strictColumns?: boolean;
}

export interface MergeResult {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly failedItems: number;
}
