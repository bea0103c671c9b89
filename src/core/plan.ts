import type { PartFormat } from './part-format.ts';
import type { ColumnTypes } from './column-type.ts';
import type { Grid } from './grid.ts';
import type { Span } from './intervals.ts';

/** Where a plan's items are: a file of `{"key","item"}` lines in the run's folder, or a range that is not written out. */
export type ItemsRef =
  | { readonly kind: 'file'; readonly file: string; readonly sha256: string; readonly bytes: number }
  | { readonly kind: 'range'; readonly start: number; readonly end: number };

/**
 * `length` items that a later plan took over from an earlier one: position `to + i` was `from + i * step` in plan
 * `plan`; `step` is 1, or -1 for a list that was reversed.
 */
export interface Move {
  readonly to: number;
  readonly plan: number;
  readonly from: number;
  readonly length: number;
  readonly step: 1 | -1;
}

/** How the items are split; frozen as `plan-<index>.json`. */
export interface Plan {
  readonly version: 1;
  readonly index: number;
  readonly items: ItemsRef;
  /** Parameters that are swept; the items are there once for each combination, all of the first one first. Absent: none. */
  readonly grid?: Grid;
  /** Number of items, times that of combinations. */
  readonly count: number;
  readonly batchSize: number;
  /** The shards as half-open ranges of positions, in order; sizes differ by at most one. */
  readonly shards: readonly Span[];
  /** Shards that were asked for but would have been empty. */
  readonly emptyShards: number;
  /** What earlier plans already know of these items; empty for the first plan. */
  readonly moves: readonly Move[];
  /** What the user gave for this plan; absent: as for the plan before. */
  readonly given?: PlanGiven;
  /** Of the rows made from this plan on; absent: as before, or as in the manifest. */
  readonly rows?: RowShape;
}

/** What a plan was made from, as the user gave it. Absent: the worker's own items, all of them, split automatically. */
export interface PlanGiven {
  readonly items?: string | undefined;
  readonly key?: string | undefined;
  readonly limit?: number | undefined;
  readonly shards?: number | undefined;
  readonly batchSize?: number | undefined;
}

/** How rows are written into parts. */
export interface RowShape {
  readonly columns: readonly string[] | null;
  /** Absent: none are declared. */
  readonly types?: ColumnTypes;
  readonly partFormat: PartFormat;
}
