import { readFileSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { join, resolve } from 'node:path';
import { workerName } from '../core/names.ts';
import type { LaunchOptions } from '../core/options.ts';
import { defaultBatchSize } from '../core/slices.ts';
import type { RunSettings } from '../store/manifest.ts';
import { CACHE_SIZE, cacheName } from './caching.ts';
import type { RunPaths } from '../store/paths.ts';

/** Memory that a child is expected to need, and the longest time for a batch. */
const CHILD_MEMORY = 512 << 20;
const BATCH_TIMEOUT = 3_600_000;

/** The CPUs that this process may use, but at most one child per 512 MB of available memory. */
function defaultProcesses(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(availableMemory() / CHILD_MEMORY)));
}

/** Bytes that programs can still get; Linux's `MemAvailable` counts caches that can be dropped. Within a cgroup, its limit. */
function availableMemory(): number {
  const constrained = process.constrainedMemory();
  const limit = constrained > 0 && constrained < 2 ** 50 ? constrained - process.memoryUsage().rss : Infinity;
  try {
    const kilobytes = /^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    if (kilobytes !== undefined) return Math.min(limit, Number(kilobytes) * 1024);
  } catch {
    // Not Linux.
  }
  return Math.min(limit, freemem());
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
  { count, defaults = {} }: { readonly count: number; readonly defaults?: Partial<LaunchOptions> },
): RunSettings {
  // A field that is there and undefined is left out as well.
  const options: LaunchOptions = {
    ...defaults,
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as typeof given),
  };
  const processes = options.processes ?? defaultProcesses();
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
    ...(options.itemTimeout === undefined ? {} : { itemTimeout: options.itemTimeout }),
    ...(options.maxRss === undefined ? {} : { maxRss: options.maxRss }),
    ...(options.halt === undefined ? {} : { halt: options.halt }),
    ...(options.cacheTtl === undefined ? {} : { cacheTtl: options.cacheTtl }),
    ...(options.maxCalls === undefined ? {} : { maxCalls: options.maxCalls }),
    ...(options.maxTokens === undefined ? {} : { maxTokens: options.maxTokens }),
    ...(options.maxCost === undefined ? {} : { maxCost: options.maxCost }),
    ...(options.items === undefined ? {} : { items: options.items }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
  };
}
