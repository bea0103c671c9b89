import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ColumnTypes } from './column-type.ts';
import type { Cache, CacheNames, Call, Spent } from './calling.ts';
import type { Permit, PermitCost } from './permit.ts';

/** A row: column name to value. Nested values are written as JSON in CSV and as they are in JSON formats. */
export type Row = Readonly<Record<string, unknown>>;

/** What `process` may give back: a row, several, a (possibly asynchronous) stream of them, or nothing. */
export type Rows = Row | Iterable<Row> | AsyncIterable<Row> | null | undefined | void;

/** Writes a line to the log of the shard: `log('loaded', 3, 'files')`. */
export type Log = (...values: readonly unknown[]) => void;

/** What an item's `process` is told besides the item itself. */
export interface Context<Params = unknown, State = unknown> {
  /** Position of the item in the list, from 0. */
  readonly index: number;
  /** What identifies the item across runs. */
  readonly key: string;
  readonly shard: number;
  readonly batch: number;
  /** The try of this item, from 1. */
  readonly attempt: number;
  readonly params: Params;
  /** What `setup` returned in this child. */
  readonly state: State;
  /** Aborted when the item's time is over or the child is asked to end. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /**
   * Waits for leave to make one call, from the budget that all children share. Rejects with the signal's reason when `signal` is aborted,
   * with an `UnrecoverableError` where the call can never fit.
   *
   * @example
   * const permit = await ctx.permit({ tokens: 900 });
   * const response = await fetch(url, { signal: ctx.signal });
   * permit.settle(response);
   */
  readonly permit: (cost?: PermitCost) => Promise<Permit>;
  /**
   * The path at which the item may write a file of its own, such as `trades.parquet` or `2024/AAPL.parquet` (a path within the run's
   * artifacts). The file is committed with the item: under its name only once it is whole, and not at all where the item fails. The same
   * name gives the same path; an item that asks for a path has to write the file.
   *
   * @example
   * await writeParquet(ctx.artifact(`${symbol}.parquet`), trades);
   */
  readonly artifact: (name: string) => string;
  /** Calls an API: cached, joined with the same call elsewhere in the run, within its budget, tried again, counted. */
  readonly call: Call;
  readonly cache: Cache;
  /** Tells what the item took beside its calls, for `--max-tokens` and `--max-cost`. */
  readonly spend: (spent: Spent) => void;
}

/** The limits of a budget as a worker declares them. Times in milliseconds or as on the command line. */
export interface BudgetLimits {
  /** `8/s`, `1000/min`, `50/day`, `90000tokens/min`; several hold together. */
  readonly rate?: string | readonly string[];
  readonly minDelay?: number | string;
  readonly maxInFlight?: number;
  /** Whether 429s lower the rate for a while; default true. */
  readonly adaptive?: boolean;
}

/** What `setup` is told; it runs once per child, before its first item. */
export interface SetupContext<Params = unknown> {
  readonly params: Params;
  /** Where parameters are swept: aborted when the time of the item is over that it is set up for. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * Options that suit a worker; a flag, the environment and the configuration file take precedence. Times and sizes as numbers
 * (milliseconds, bytes) or as on the command line (`'30s'`, `'512MB'`).
 */
export interface WorkerDefaults {
  readonly processes?: number;
  readonly shards?: number;
  readonly batchSize?: number;
  readonly concurrency?: number;
  readonly spares?: number;
  readonly retries?: number;
  readonly stagger?: number | string;
  readonly itemTimeout?: number | string;
  readonly batchTimeout?: number | string;
  readonly stallTimeout?: number | string;
  readonly maxRss?: number | string;
  readonly memoryFree?: number | string;
}

/** The output type of a schema, or no parameters at all. */
export type ParamsOf<Schema> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : Readonly<Record<string, never>>;

/** A user's module: what to do with one item. See `defineWorker`. */
export interface Worker<Schema extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined, Item = never, State = never> {
  /** Any Standard Schema (zod, valibot, arktype, …) for the parameters. Without it the worker takes none. */
  readonly params?: Schema;
  /** The items; `--items` on the command line takes precedence. */
  readonly items?: (params: ParamsOf<Schema>) => ItemList<Item> | Promise<ItemList<Item>>;
  /** What identifies an item across runs. Default: the string itself, or its canonical JSON. */
  readonly key?: (item: Item) => string | number;
  /** The columns of the output. Default: the union of the rows' keys in order of first appearance. */
  readonly columns?: readonly string[];
  /**
   * Types of columns, for outputs that have types (Parquet), of some or all columns. A row with a value that does not fit fails its item.
   * Default: what fits all values of the column.
   */
  readonly types?: ColumnTypes;
  /** Where its calls are kept in the cache. Another version forgets what the one before had kept. */
  readonly cache?: CacheNames;
  /** Options for runs of this worker, where the user gives none. */
  readonly defaults?: WorkerDefaults;
  /** Budgets that suit a worker, by name; `default` for calls that name none. Options of the user's take precedence. */
  readonly budgets?: Readonly<Record<string, BudgetLimits>>;
  /** Runs once per child, before its first item. */
  readonly setup?: (context: SetupContext<ParamsOf<Schema>>) => State | Promise<State>;
  /** Turns one item into rows. Must depend on the item and the parameters only. */
  readonly process: (item: Item, context: Context<ParamsOf<Schema>, State>) => Rows | Promise<Rows>;
  /** Runs once per child, after its last item is committed. */
  readonly teardown?: (state: State) => void | Promise<void>;
}

/** A list of items, possibly produced one by one. */
export type ItemList<Item> = Iterable<Item> | AsyncIterable<Item>;

/** Any worker, where its types do not matter. */
// oxlint-disable-next-line typescript/no-explicit-any -- the one place where a worker's item and state types are erased
export type AnyWorker = Worker<StandardSchemaV1 | undefined, any, any>;

/**
 * Gives a worker its types; returns it unchanged.
 *
 * @example
 * export default defineWorker({
 *   items: () => ['AAPL', 'MSFT'],
 *   process: (symbol) => ({ symbol, length: symbol.length }),
 * });
 */
export function defineWorker<Item = string, State = undefined, Schema extends StandardSchemaV1 | undefined = undefined>(
  worker: Worker<Schema, Item, State>,
): Worker<Schema, Item, State> {
  return worker;
}

/** Thrown by a worker to say that trying the item again is pointless: it fails at once, whatever `--retries` says. */
export class UnrecoverableError extends Error {
  override readonly name = 'UnrecoverableError';
}
