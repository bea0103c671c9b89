import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CacheStore, type CacheTotals, openCache } from '../store/cache.ts';
import { cacheName, cacheSpec } from './caching.ts';

/** Which cache; the defaults are those of a run. */
export interface CacheChoice {
  readonly cache?: string;
  readonly cacheSize?: number;
  readonly dataDir?: string;
}

/** What a cache holds; `undefined` where there is none. Times in milliseconds since 1970. */
export type CacheInfo = CacheTotals | undefined;

/** What a look at every entry has found. `fault`: what is wrong with the store as a whole. */
export type CacheCheck = Awaited<ReturnType<CacheStore['verify']>> & { readonly warnings: readonly string[] };

export async function cacheInfo(choice: CacheChoice): Promise<CacheInfo> {
  return (await inCache(choice, (store) => store.totals()))?.result;
}

/** Deletes everything; gives the number of entries. */
export async function clearCache(choice: CacheChoice): Promise<number> {
  return (await inCache(choice, (store) => store.clear()))?.result ?? 0;
}

/** Looks at every entry and takes the damaged ones out. */
export async function verifyCache(choice: CacheChoice): Promise<CacheCheck> {
  const checked = await inCache(choice, (store) => store.verify());
  return checked ? { ...checked.result, warnings: checked.warnings } : { entries: 0, damaged: 0, fault: null, warnings: [] };
}

/** Does something with a cache. One that is not there is not made. */
async function inCache<T>(
  { cache, cacheSize, dataDir = 'data' }: CacheChoice,
  work: (store: CacheStore) => Promise<T>,
): Promise<{ readonly result: T; readonly warnings: readonly string[] } | undefined> {
  const spec = cacheSpec(cacheName(cache, dataDir), cacheSize);
  if (spec.kind === 'sqlite' && !existsSync(join(spec.folder, 'calls'))) return undefined;
  const warnings: string[] = [];
  const store = await openCache(spec, (message) => warnings.push(message));
  if (!store) return undefined;
  try {
    return { result: await work(store), warnings };
  } finally {
    await store.close();
  }
}
