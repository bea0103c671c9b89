import type { GivenGrid } from '../core/grid.ts';
import type { Deadline, Halt, Progress, Tolerance } from '../core/options.ts';

/** The verbs of the command line, one file each. */
export type VerbName =
  | 'run'
  | 'plan'
  | 'resume'
  | 'rerun'
  | 'status'
  | 'ctl'
  | 'logs'
  | 'merge'
  | 'runs'
  | 'clean'
  | 'cache'
  | 'convert'
  | 'init'
  | 'replay'
  | 'shard';

/** What an option's text is read as. `flag` takes no text; `list`, `grid` and `pairs` may be repeated. */
export interface KindValues {
  readonly integer: number;
  readonly amount: number;
  readonly duration: number;
  readonly size: number;
  readonly tolerance: Tolerance;
  readonly halt: Halt;
  readonly deadline: Deadline;
  readonly progress: Progress;
  readonly rows: 'csv' | 'json' | 'parquet';
  readonly names: readonly string[];
  readonly text: string;
  readonly flag: boolean;
  readonly list: readonly string[];
  readonly grid: GivenGrid;
  readonly pairs: Readonly<Record<string, unknown>>;
}

/** One option; its flag, environment variable, key in the YAML file and help text all come from here. */
export interface Option {
  readonly kind: keyof KindValues;
  /** `batch-size`: `--batch-size`, `SHARDYARD_BATCH_SIZE`, `batch-size` or `batchSize`. */
  readonly flag: string;
  readonly alias?: string;
  /** Another key by which the YAML file may call it, where it holds several values. */
  readonly plural?: string;
  /** What stands for its value in the help text. */
  readonly arg?: string;
  readonly group: string;
  readonly describe: string;
  /** The default, in words. */
  readonly fallback?: string;
  /** The least number (or milliseconds) that makes sense. */
  readonly least?: number;
  /** A word that means "as if it were not given", to undo what the environment or the file says. */
  readonly neutral?: string;
  /** Throws a `UserError` for a text (each of a list) that makes no sense. */
  readonly check?: (text: string) => unknown;
  /** The verbs whose flag it is. */
  readonly verbs: readonly VerbName[];
}

/** The values of a table of options, each left out where nobody gave it. */
export type Values<Table extends Readonly<Record<string, Option>>> = { readonly [Field in keyof Table]?: KindValues[Table[Field]['kind']] };
