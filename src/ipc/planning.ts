import type { ColumnTypes } from '../core/column-type.ts';
import type { CommandSpec } from '../core/command.ts';
import type { BudgetSpec } from '../core/budget-spec.ts';
import type { Place } from '../core/errors.ts';
import type { Grid } from '../core/grid.ts';
import type { LaunchOptions } from '../core/options.ts';
import type { ItemsRef, Plan } from '../core/plan.ts';

/** What the planning child is to do: import the worker, list its items, write them to `file`, compare them with earlier plans. */
export interface PlanRequest {
  /** Only import the worker and tell its columns; everything else of the answer is empty. */
  readonly describe?: boolean;
  readonly worker: string;
  /** There is no module to import: a command makes the rows. Besides: the columns that the user declares, and whether it gets one item at a time. */
  readonly command?: CommandSpec & { readonly columns?: readonly string[] | undefined; readonly isSingle?: boolean };
  readonly params: Readonly<Record<string, unknown>>;
  readonly items?: string;
  readonly key?: string;
  readonly limit?: number;
  /** Parameters that are swept. */
  readonly grid?: Grid;
  /** The items are those of an earlier plan, in the same folder, and are not listed again; `each`: their number. */
  readonly frozen?: { readonly items: ItemsRef; readonly each: number };
  /** Where the frozen items go, absolute; and under which name the plan knows them. */
  readonly file: string;
  readonly name: string;
  /** Items of earlier plans, the latest first; files as absolute paths. */
  readonly earlier: readonly {
    readonly plan: number;
    readonly items: string | { readonly start: number; readonly end: number };
    /** The number of its items, without what it swept. */
    readonly each: number;
    readonly grid?: Grid;
  }[];
}

export type FromPlanner =
  | {
      readonly type: 'planned';
      readonly items: ItemsRef;
      /** With the parameters by the names that the worker has for them. */
      readonly grid?: Grid;
      readonly count: number;
      readonly columns: readonly string[] | null;
      /** Declared types of columns. */
      readonly types: ColumnTypes;
      /** What the worker suggests. */
      readonly defaults: Partial<LaunchOptions>;
      readonly budgets?: Readonly<Record<string, BudgetSpec>>;
      readonly moves: Plan['moves'];
      /** Items of the latest earlier plan that are not in the list any more. */
      readonly gone: number;
    }
  | {
      readonly type: 'refused';
      readonly message: string;
      readonly hint: string | undefined;
      readonly place: Place | undefined;
      readonly exitCode: number;
    }
  | { readonly type: 'broken'; readonly message: string; readonly stack: string | undefined };
