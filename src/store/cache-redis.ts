import { UserError } from '../core/errors.ts';
import { openEntry, sealEntry, type CacheEntry } from './cache-entry.ts';
import type { CacheStore, CacheTotals } from './cache.ts';

const PREFIX = 'shardyard:cache:';
/** Milliseconds for a connection, and for an answer: a cache that is slower than the API is none. */
const CONNECT = 5000;
const ANSWER = 2000;
const PAGE = 200;

type Client = Awaited<ReturnType<typeof connect>>;

/** The cache in a Redis, for several machines. Its size is bounded by the server's own `maxmemory`. */
export class RedisCache implements CacheStore {
  readonly #client: Client;
  readonly #url: string;

  private constructor(client: Client, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** @throws UserError where the package or the server is not there. */
  static async open(url: string): Promise<RedisCache> {
    return new RedisCache(await connect(url), url);
  }

  async get(hash: string): Promise<CacheEntry | undefined> {
    const stored = await this.#client.get(PREFIX + hash);
    return stored === null ? undefined : openEntry(stored);
  }

  async set(hash: string, entry: CacheEntry, ttl: number | undefined): Promise<void> {
    const sealed = await sealEntry(entry);
    await this.#client.set(
      PREFIX + hash,
      sealed,
      ttl === undefined ? {} : { expiration: { type: 'PX', value: Math.max(1, Math.round(ttl)) } },
    );
  }

  async delete(hash: string): Promise<boolean> {
    return (await this.#client.unlink(PREFIX + hash)) > 0;
  }

  async totals(): Promise<CacheTotals> {
    let [entries, bytes] = [0, 0];
    for await (const keys of this.#keys()) {
      entries += keys.length;
      for (const size of await Promise.all(keys.map((key) => this.#client.strLen(key)))) bytes += size;
    }
    return { where: withoutPassword(this.#url), entries, bytes, fileBytes: null, maxBytes: null, expired: 0, oldestUse: null };
  }

  async clear(): Promise<number> {
    let count = 0;
    for await (const keys of this.#keys()) if (keys.length > 0) count += await this.#client.unlink(keys);
    return count;
  }

  async verify(): Promise<{ entries: number; damaged: number; fault: null }> {
    let [entries, damaged] = [0, 0];
    for await (const keys of this.#keys()) {
      for (const key of keys) {
        const stored = await this.#client.get(key);
        if (stored === null) continue;
        entries++;
        if (openEntry(stored)) continue;
        damaged++;
        await this.#client.unlink(key);
      }
    }
    return { entries, damaged, fault: null };
  }

  async close(): Promise<void> {
    if (this.#client.isReady) await this.#client.close();
    else this.#client.destroy();
  }

  async *#keys(): AsyncGenerator<string[]> {
    for await (const page of this.#client.scanIterator({ MATCH: `${PREFIX}*`, COUNT: PAGE })) yield page.map(String);
  }
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- the client's type is as long as the list of Redis' commands
async function connect(url: string) {
  const { createClient, RESP_TYPES } = await import('redis').catch((error: unknown) => {
    throw new UserError('a cache in a Redis needs the package redis', {
      hint: 'npm install redis, or use a folder: --cache DIR',
      cause: error,
    });
  });
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandOptions: { timeout: ANSWER },
    socket: {
      connectTimeout: CONNECT,
      reconnectStrategy: (tries, cause) => (isRefusal(cause) ? cause : Math.min(2000, 50 * 2 ** Math.min(tries, 6))),
    },
  });
  // Without a listener an error of the connection would end the process; each command fails by itself.
  let last: unknown;
  client.on('error', (error: unknown) => (last = error));
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(last ?? new Error('no answer')), CONNECT);
  try {
    // A server that wants a password says so only when it is asked for something.
    await Promise.race([client.connect().then(async () => client.ping()), late.promise]);
  } catch (error) {
    client.destroy();
    if (isRefusal(error))
      throw new UserError(`the cache ${withoutPassword(url)} refuses us: ${error.message}`, {
        hint: 'give its URL with the password, redis://user:password@host: as SHARDYARD_CACHE, or with --cache; no run keeps it',
        cause: error,
      });
    const message = error instanceof Error ? error.message || ('code' in error ? String(error.code) : error.name) : String(error);
    throw new UserError(`the cache ${withoutPassword(url)} cannot be reached: ${message}`, {
      hint: 'start the Redis, or choose another --cache',
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
  return client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
}

/** Whether a server wants another password, or one at all. */
const isRefusal = (error: unknown): error is Error => error instanceof Error && /^(NOAUTH|WRONGPASS)/.test(error.message);

/** A URL as it may be shown. */
function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
