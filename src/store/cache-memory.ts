import type { CacheEntry } from './cache-entry.ts';
import type { CacheStore, CacheTotals } from './cache.ts';

/** A cache that lives and dies with its process, for unit tests of workers. */
export class MemoryCache implements CacheStore {
  readonly #entries = new Map<string, { readonly entry: CacheEntry; readonly expires: number }>();

  get(hash: string): CacheEntry | undefined {
    const found = this.#entries.get(hash);
    return found && found.expires > Date.now() ? found.entry : undefined;
  }

  async set(hash: string, entry: CacheEntry, ttl: number | undefined): Promise<void> {
    this.#entries.set(hash, { entry, expires: Date.now() + (ttl ?? Infinity) });
  }

  async delete(hash: string): Promise<boolean> {
    return this.#entries.delete(hash);
  }

  async totals(): Promise<CacheTotals> {
    const bytes = [...this.#entries.values()].reduce((sum, { entry }) => sum + entry.bytes.length, 0);
    return { where: 'memory', entries: this.#entries.size, bytes, fileBytes: null, maxBytes: null, expired: 0, oldestUse: null };
  }

  async clear(): Promise<number> {
    const { size } = this.#entries;
    this.#entries.clear();
    return size;
  }

  async verify(): Promise<{ entries: number; damaged: number; fault: null }> {
    return { entries: this.#entries.size, damaged: 0, fault: null };
  }

  close(): void {
    this.#entries.clear();
  }
}
