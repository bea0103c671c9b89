import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { arrangementOf } from '../core/arrangement.ts';
import { type BudgetSettings, type BudgetSpec, DEFAULT_SHARE } from '../core/budget-spec.ts';
import { axesOf } from '../core/grid.ts';
import { workerName } from '../core/names.ts';
import type { LaunchOptions } from '../core/options.ts';
import { defaultBatchSize } from '../core/slices.ts';
import type { RunSettings } from '../store/manifest.ts';
import { CACHE_SIZE, cacheName } from './caching.ts';
import type { RunPaths } from '../store/paths.ts';
import { resolved } from './arrange.ts';
import { openMemory } from './cgroup.ts';
import { budgetsOf } from './budgets.ts';

/** Memory that a child is expected to need, and the longest time for a batch. */
const CHILD_MEMORY = 512 << 20;
const BATCH_TIMEOUT = 3_600_000;

/** The CPUs that this process may use, but at most one child per 512 MB of available memory. */
function defaultProcesses(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(openMemory().available() / CHILD_MEMORY)));
}

/** How many shards and which batch size a list of `count` items gets. */
export function shapeOf(
  count: number,
  processes: number,
  given: { readonly shards?: number | undefined; readonly batchSize?: number | undefined },
): { shards: number; batchSize: number } {
  const shards = given.shards ?? processes;
  return { shards, batchSize: given.batchSize ?? defaultBatchSize(count, Math.min(shards, count)) };
}

/**
 * Fills in what the user left open, by the worker's suggestions or the general defaults. Shards and batch size follow from the number of
 * items; both are known only after planning.
 */
export function settingsOf(
  given: LaunchOptions,
  paths: RunPaths,
  planned: { readonly count: number; readonly defaults?: Partial<LaunchOptions>; readonly budgets?: Readonly<Record<string, BudgetSpec>> },
): RunSettings {
  const { count, defaults = {} } = planned;
  // A field that is there and undefined is left out as well.
  const options: LaunchOptions = {
    ...defaults,
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as typeof given),
  };
  const processes = options.processes ?? defaultProcesses();
  const own: BudgetSettings | undefined = planned.budgets && { share: DEFAULT_SHARE, named: planned.budgets };
  const budgets = budgetsOf(options, own);
  return {
    processes,
    ...shapeOf(count, processes, options),
    concurrency: options.concurrency ?? 1,
    stagger: options.stagger ?? 0,
    spares: options.spares ?? Math.ceil(processes / 4),
    nodeArgs: options.nodeArgs ?? [],
    retries: options.retries ?? 2,
    batchTimeout: options.batchTimeout ?? BATCH_TIMEOUT,
    maxFailures: options.maxFailures ?? { count: 0 },
    strictColumns: options.strictColumns ?? false,
    output: resolve(options.output ?? join(paths.folder, `${workerName(options.worker)}.csv`)),
    cache: cacheName(options.cache, options.dataDir ?? 'data'),
    cacheSize: options.cacheSize ?? CACHE_SIZE,
    automatic: { shards: options.shards === undefined, batchSize: options.batchSize === undefined },
    ...resolved(arrangementOf(options)),
    ...(budgets === undefined ? {} : { budgets }),
    ...(options.itemTimeout === undefined ? {} : { itemTimeout: options.itemTimeout }),
    ...(options.stallTimeout === undefined ? {} : { stallTimeout: options.stallTimeout }),
    ...(options.maxRss === undefined ? {} : { maxRss: options.maxRss }),
    ...(options.memoryFree === undefined ? {} : { memoryFree: options.memoryFree }),
    ...(options.halt === undefined ? {} : { halt: options.halt }),
    ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
    ...(options.cacheTtl === undefined ? {} : { cacheTtl: options.cacheTtl }),
    ...(options.maxCalls === undefined ? {} : { maxCalls: options.maxCalls }),
    ...(options.maxTokens === undefined ? {} : { maxTokens: options.maxTokens }),
    ...(options.maxCost === undefined ? {} : { maxCost: options.maxCost }),
    ...(options.items === undefined ? {} : { items: options.items }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.grid === undefined ? {} : { grid: axesOf(options.grid) }),
  };
}
