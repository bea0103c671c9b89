import type { PermitCost } from './permit.ts';

/** What something took, or is expected to take: tokens, and money in whatever currency the user counts. */
export interface Spent {
  readonly tokens?: number;
  readonly cost?: number;
}

/** Where a cache keeps an entry. Changing the version is how a worker forgets what it had cached. */
export interface CacheNames {
  /** Default: the worker's own, else the name of its file. */
  readonly namespace?: string;
  /** Default: the worker's own, else 0. */
  readonly version?: string | number;
}

/** How an entry is kept. `ttl`: milliseconds, or a text such as `7d`; default: as long as there is room, or `--cache-ttl`. */
export interface CacheOptions extends CacheNames {
  readonly ttl?: number | string;
}

/**
 * What all processes and later runs remember. Keys are whatever JSON can hold; so are values, and bytes (`Uint8Array`), up to 10 MiB.
 * A fault of the store is a miss, never an error.
 */
export interface Cache {
  /** The value, as JSON gives it back; `undefined` when there is none. */
  get(key: unknown, options?: CacheNames): Promise<unknown>;
  /** Throws a TypeError for what JSON cannot hold, a RangeError for what is too large. */
  set(key: unknown, value: unknown, options?: CacheOptions): Promise<void>;
  /** True when there was one. */
  delete(key: unknown, options?: CacheNames): Promise<boolean>;
  /** The value that is there, else the one that `make` gives, which is kept. */
  wrap<T>(key: unknown, make: () => T | Promise<T>, options?: CacheOptions): Promise<T>;
}

/** How `ctx.call` treats one call. Times in milliseconds, or as a text such as `30s`. */
export interface CallOptions<T> extends CacheOptions {
  /** What identifies the call: equal keys, equal answers. Without it the call is neither cached nor joined. */
  readonly key?: unknown;
  /** What it takes of the API's budget; default: one request. */
  readonly cost?: PermitCost;
  /** What it is expected to take of `--max-tokens` and `--max-cost`; default: `cost.tokens`, and the mean of the calls before. */
  readonly expected?: Spent;
  /** The longest that one try may take; default 2 minutes. */
  readonly timeout?: number | string;
  /** Tries again after 408, 409, 425, 5xx, a timeout or a fault of the network; default 3. */
  readonly retries?: number;
  /** The pause before the first of them, which doubles; default 2 s. */
  readonly backoff?: number | string;
  /** The longest that 429s may hold the call up altogether; default 10 minutes. */
  readonly maxWait?: number | string;
  /** What to take instead where the call fails for good; counted, never cached. Not for an account whose credit or day is used up. */
  readonly fallback?: (error: Error) => T | Promise<T>;
}

/** What a call's function is told. */
export interface CallContext {
  /** Aborted when the try takes too long or the item's time is over. */
  readonly signal: AbortSignal;
  /** The try, from 1. */
  readonly attempt: number;
  /** `fetch` with this signal; an answer that is not ok is thrown, so that it is retried or falls back as its status says. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Tells what the call really took. */
  readonly spend: (spent: Spent) => void;
}

/** Makes one call of an API: from the cache, together with the same call elsewhere in the run, or with a permit. */
export type Call = <T>(options: CallOptions<T>, make: (context: CallContext) => T | Promise<T>) => Promise<T>;
