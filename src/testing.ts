import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { format } from 'node:util';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ItemArtifacts } from './child/artifacts.ts';
import { LocalPort } from './child/local-port.ts';
import { seal } from './child/seal.ts';
import { Services } from './child/services.ts';
import { emitRows } from './child/emit-rows.ts';
import { validateParams } from './child/params.ts';
import { defaultKey } from './core/key.ts';
import type { Permit } from './core/permit.ts';
import type { AnyWorker, Context, Row, Worker } from './core/worker.ts';
import { jsonEncoder } from './formats/json-row.ts';
import { rowChecker } from './formats/typed-row.ts';

/** How `runItem` runs; everything may be left out. */
export interface RunItemOptions {
  /** As given on the command line, before the worker's schema. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Position of the item; default 0. */
  readonly index?: number;
  /** The try, from 1; default 1. */
  readonly attempt?: number;
  readonly signal?: AbortSignal;
  /** Where the files of `ctx.artifact` are, under their names, once the item is done; default: thrown away. */
  readonly artifacts?: string;
  /** Takes what the worker logs; default: nowhere. */
  readonly log?: (line: string) => void;
}

/**
 * Runs one item of a worker in this process, with its `setup` and `teardown`, and gives its rows: for a unit test of the worker. Rows are
 * checked as in a run: a column that the worker does not declare is an error, and so is a value that does not fit its declared type. Calls
 * are cached and joined in memory, for this item alone. An item has to write the files that it asked for with `ctx.artifact`.
 *
 * @example
 * deepEqual(await runItem(worker, 'AAPL', { params: { years: '10' } }), [{ symbol: 'AAPL', years: 10 }]);
 */
export async function runItem<Schema extends StandardSchemaV1 | undefined, Item, State>(
  worker: Worker<Schema, Item, State>,
  item: Item,
  options: RunItemOptions = {},
): Promise<Row[]> {
  const any: AnyWorker = worker;
  const params = await validateParams(any, options.params ?? {}, 'the worker');
  const signal = options.signal ?? new AbortController().signal;
  const log = (...values: readonly unknown[]): void => options.log?.(format(...values));
  const state: unknown = await any.setup?.({ params: params as never, signal, log });
  const { index = 0, attempt = 1 } = options;
  const key = String(any.key?.(item) ?? defaultKey(item));
  const names = { namespace: 'test', version: 0, ...any.cache };
  const services = new Services({ settings: { cache: { kind: 'memory' }, isLimited: false }, port: new LocalPort(), names });
  const folder = mkdtempSync(join(options.artifacts === undefined ? tmpdir() : made(options.artifacts), '.shardyard-item-'));
  const artifacts = new ItemArtifacts(folder, index, attempt);
  const caller = { signal, withdrawn: undefined, permit };
  const context: Context = {
    index,
    key,
    shard: 0,
    batch: 0,
    attempt,
    params,
    state,
    signal,
    log,
    call: (how, make) => services.call(caller, how, make),
    permit,
    artifact: (name) => artifacts.path(name),
    cache: services.cache,
    spend: (spent) => services.spend(spent),
  };
  const rows: Row[] = [];
  const encode = jsonEncoder(any.columns);
  const check = rowChecker(any.types ?? {});
  const keep = (row: Row): string => {
    check(row);
    encode(row);
    rows.push(row);
    return '';
  };
  try {
    await emitRows(await any.process(item, context as never), keep, () => undefined);
    if (artifacts.names.size > 0) await seal(artifacts);
    if (options.artifacts !== undefined) {
      for (const name of artifacts.names) {
        made(dirname(join(options.artifacts, name)));
        renameSync(join(artifacts.sealed, name), join(options.artifacts, name));
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  await any.teardown?.(state as never);
  return rows;
}

function made(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Nobody else calls: leave is given at once. */
const permit = async (): Promise<Permit> => ({ waitedMs: 0, settle: () => undefined });
