import type { CacheSpec } from '../core/cache-spec.ts';
import { unreachable } from '../core/errors.ts';
import type { CacheEntry } from './cache-entry.ts';

/** What a cache holds, as far as it can be told. Times in milliseconds since 1970. */
export interface CacheTotals {
  readonly where: string;
  readonly entries: number;
  /** Bytes of the stored values; of the files, where there are files. */
  readonly bytes: number;
  readonly fileBytes: number | null;
  readonly maxBytes: number | null;
  readonly expired: number;
  readonly oldestUse: number | null;
}

/** Keeps entries by the hash of their keys, for all processes and later runs. Any method may throw what its store throws. */
export interface CacheStore {
  get(hash: string): CacheEntry | undefined | Promise<CacheEntry | undefined>;
  /** `ttl`: milliseconds. */
  set(hash: string, entry: CacheEntry, ttl: number | undefined): Promise<void>;
  delete(hash: string): Promise<boolean>;
  totals(): Promise<CacheTotals>;
  /** Deletes everything; gives the number of entries. */
  clear(): Promise<number>;
  /** Looks at every entry and takes the damaged ones out. `fault`: the store itself is damaged. */
  verify(): Promise<{ readonly entries: number; readonly damaged: number; readonly fault: string | null }>;
  close(): void | Promise<void>;
}

/** Opens a cache; `undefined` where there is none. `warn` hears of a damaged one that was set aside. */
export async function openCache(spec: CacheSpec, warn: (message: string) => void): Promise<CacheStore | undefined> {
  switch (spec.kind) {
    case 'off':
      return undefined;
    case 'memory':
      return new (await import('./cache-memory.ts')).MemoryCache();
    case 'sqlite':
      return (await import('./cache-sqlite.ts')).SqliteCache.open(spec, warn);
    case 'redis':
      return (await import('./cache-redis.ts')).RedisCache.open(spec.url);
    default:
      return unreachable(spec);
  }
}
