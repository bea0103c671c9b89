import { hash } from 'node:crypto';
import type { Cache, CacheNames, CacheOptions } from '../core/calling.ts';
import type { CacheSpec } from '../core/cache-spec.ts';
import { canonicalJson } from '../core/key.ts';
import { openCache, type CacheStore } from '../store/cache.ts';
import { packValue, unpackValue, type CacheEntry } from '../store/cache-entry.ts';
import { durationOf } from './durations.ts';

/** So long (ms) a store that could not be opened is not tried again. */
const FORGET = 5000;

export interface CacheAccessOptions {
  readonly spec: CacheSpec;
  readonly ttl: number | undefined;
  readonly names: Required<CacheNames>;
  /** Hears of faults, each once. */
  readonly warn: (message: string) => void;
}

/** `ctx.cache`: opens the store when it is first used, and takes its faults for misses. */
export class CacheAccess implements Cache {
  readonly #options: CacheAccessOptions;
  readonly #warned = new Set<string>();
  #store: Promise<CacheStore | undefined> | undefined;

  constructor(options: CacheAccessOptions) {
    this.#options = options;
  }

  /** SHA-256 of the canonical JSON of a key and where it belongs. */
  hashOf(key: unknown, { namespace, version }: CacheNames = {}): string {
    if (key === undefined) throw new TypeError('a key of the cache cannot be undefined');
    const { names } = this.#options;
    return hash('sha256', canonicalJson({ namespace: namespace ?? names.namespace, version: version ?? names.version, key }), 'hex');
  }

  async get(key: unknown, options?: CacheNames): Promise<unknown> {
    const entry = await this.find(this.hashOf(key, options));
    return entry && unpackValue(entry);
  }

  async set(key: unknown, value: unknown, options: CacheOptions = {}): Promise<void> {
    await this.keep(this.hashOf(key, options), packValue(value), options.ttl);
  }

  async delete(key: unknown, options?: CacheNames): Promise<boolean> {
    const found = this.hashOf(key, options);
    return (await this.#guarded((store) => store.delete(found))) ?? false;
  }

  async wrap<T>(key: unknown, make: () => T | Promise<T>, options: CacheOptions = {}): Promise<T> {
    const found = this.hashOf(key, options);
    const there = await this.find(found);
    const entry = there ?? packValue(await make());
    if (!there) await this.keep(found, entry, options.ttl);
    // What JSON makes of the value, whether it was there or not: rows must not depend on that.
    return unpackValue(entry) as T;
  }

  /** An entry by its hash. */
  async find(wanted: string): Promise<CacheEntry | undefined> {
    return this.#guarded(async (store) => store.get(wanted));
  }

  /** Keeps an entry; true when it is there now. */
  async keep(wanted: string, entry: CacheEntry, ttl: number | string | undefined): Promise<boolean> {
    const ms = ttl === undefined ? this.#options.ttl : durationOf(ttl, 'ttl');
    const kept = await this.#guarded(async (store) => {
      await store.set(wanted, entry, ms);
      return true;
    });
    return kept ?? false;
  }

  async close(): Promise<void> {
    if (this.#store) await this.#guarded(async (store) => store.close());
  }

  async #guarded<T>(work: (store: CacheStore) => Promise<T>): Promise<T | undefined> {
    try {
      const store = await (this.#store ??= this.#open());
      return store && (await work(store));
    } catch (error) {
      this.#warn(
        `the cache does not work as it should, its answers are asked for instead: ${error instanceof Error ? error.message : String(error)}`,
      );
      return undefined;
    }
  }

  #open(): Promise<CacheStore | undefined> {
    const opening = openCache(this.#options.spec, (message) => this.#warn(message));
    // What was in its way may pass: a full disk, a server that is restarted.
    opening.catch(() => setTimeout(() => (this.#store = undefined), FORGET).unref());
    return opening;
  }

  #warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.warn(message);
  }
}
