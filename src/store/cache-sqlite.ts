import { statSync } from 'node:fs';
import type { StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CacheSpec } from '../core/cache-spec.ts';
import { openEntry, sealEntry, type CacheEntry } from './cache-entry.ts';
import { hasMoved, isBusy, isDamage, openCacheFile, type CacheFile } from './cache-file.ts';
import type { CacheStore, CacheTotals } from './cache.ts';

/** SQLite waits for a lock by blocking the loop: only so many milliseconds; then it is tried again, up to a limit. */
const BLOCK = 20;
const PATIENCE = 30_000;
/** Entries that one transaction evicts, deletes or looks at. */
const FEW = 16;
/** An entry that is used is noted as used when its note is older than so many milliseconds; so many notes at a time. */
const STALE = 600_000;
const NOTES = 64;

type Spec = Extract<CacheSpec, { kind: 'sqlite' }>;
type Statements = Readonly<Record<'get' | 'set' | 'delete' | 'evict' | 'note' | 'totals', StatementSync>>;

/**
 * The cache in a folder of this machine: one SQLite file in WAL mode, written by all processes directly. Every write is one small
 * transaction of its own, so that a process killed at any instant leaves nothing half-written and nobody waits long.
 */
export class SqliteCache implements CacheStore {
  readonly #spec: Spec;
  readonly #warn: (message: string) => void;
  #file: CacheFile;
  #statements: Statements;
  #used = new Set<string>();

  private constructor(spec: Spec, warn: (message: string) => void, file: CacheFile) {
    this.#spec = spec;
    this.#warn = warn;
    this.#file = file;
    this.#statements = prepare(file);
  }

  static async open(spec: Spec, warn: (message: string) => void): Promise<SqliteCache> {
    return new SqliteCache(spec, warn, await openCacheFile(spec.folder, warn));
  }

  async get(hash: string): Promise<CacheEntry | undefined> {
    const row = await this.#try(() => this.#statements.get.get(Buffer.from(hash, 'hex')));
    const value = row?.['value'];
    const now = Date.now();
    if (!(value instanceof Uint8Array) || (typeof row?.['expires'] === 'number' && row['expires'] <= now)) return undefined;
    const entry = openEntry(value);
    if (!entry) await this.delete(hash);
    else if (now - Number(row?.['used']) > STALE && this.#used.add(hash).size >= NOTES) await this.#noteUsed();
    return entry;
  }

  async set(hash: string, entry: CacheEntry, ttl: number | undefined): Promise<void> {
    const sealed = await sealEntry(entry);
    const now = Date.now();
    const expires = ttl === undefined ? null : now + ttl;
    await this.#try(() => this.#statements.set.run(Buffer.from(hash, 'hex'), now, expires, sealed.length, sealed));
    // The newest entry goes last, and stays even where it alone is larger than the cache may be.
    for (;;) {
      const { bytes, entries } = await this.#try(() => this.#sizes());
      if (bytes <= this.#spec.maxBytes || entries <= 1) return;
      await this.#try(() =>
        this.#statements.evict.run(Math.max(1, Math.min(FEW, entries - 1, Math.ceil((bytes - this.#spec.maxBytes) / (bytes / entries))))),
      );
    }
  }

  async delete(hash: string): Promise<boolean> {
    return (await this.#try(() => this.#statements.delete.run(Buffer.from(hash, 'hex')))).changes > 0;
  }

  async totals(): Promise<CacheTotals> {
    const { file, database } = this.#file;
    const { entries, bytes } = this.#sizes();
    const row = database
      .prepare('SELECT min(used) AS oldest, count(*) FILTER (WHERE expires <= ?) AS expired FROM entries')
      .get(Date.now());
    const fileBytes = ['', '-wal'].reduce((sum, suffix) => sum + (statSync(file + suffix, { throwIfNoEntry: false })?.size ?? 0), 0);
    const oldest = row?.['oldest'];
    const { maxBytes } = this.#spec;
    return {
      where: file,
      entries,
      bytes,
      fileBytes,
      maxBytes,
      expired: Number(row?.['expired']),
      oldestUse: typeof oldest === 'number' ? oldest : null,
    };
  }

  async clear(): Promise<number> {
    let count = 0;
    for (let changes = 1; changes > 0; count += changes)
      changes = Number((await this.#try(() => this.#statements.evict.run(FEW * FEW))).changes);
    // Gives the space back; where somebody else is at it, it is used again instead.
    await this.#try(() => this.#file.database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)')).catch(() => undefined);
    return count;
  }

  async verify(): Promise<{ entries: number; damaged: number; fault: string | null }> {
    const { database } = this.#file;
    const all = database.prepare('SELECT hash, value FROM entries WHERE hash > ? ORDER BY hash LIMIT ?');
    let [entries, damaged, last] = [0, 0, new Uint8Array(0)];
    try {
      for (;;) {
        const rows = await this.#busily(() => all.all(last, FEW));
        for (const { hash, value } of rows) {
          if (!(hash instanceof Uint8Array)) continue;
          entries++;
          last = new Uint8Array(hash);
          if (value instanceof Uint8Array && openEntry(value)) continue;
          damaged++;
          await this.delete(Buffer.from(hash).toString('hex'));
        }
        if (rows.length === 0) break;
      }
      const found = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
      return { entries, damaged, fault: found === 'ok' ? null : String(found) };
    } catch (error) {
      if (!isDamage(error)) throw error;
      return { entries, damaged, fault: error instanceof Error ? error.message : String(error) };
    }
  }

  close(): void {
    this.#file.database.close();
  }

  #sizes(): { entries: number; bytes: number } {
    const row = this.#statements.totals.get();
    return { entries: Number(row?.['entries'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
  }

  /** In one transaction: a run that finds everything in the cache would be slowed down by one for each. */
  async #noteUsed(): Promise<void> {
    const { database } = this.#file;
    const hashes = [...this.#used];
    this.#used = new Set();
    await this.#try(() => {
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const hash of hashes) this.#statements.note.run(Date.now(), Buffer.from(hash, 'hex'));
      } finally {
        database.exec('COMMIT');
      }
    }).catch(() => undefined);
  }

  /** Does it again while somebody else has the lock, and with a new file where this one is damaged or was set aside. */
  async #try<T>(work: () => T): Promise<T> {
    for (let reopened = 0; ; reopened++) {
      try {
        return await this.#busily(work);
      } catch (error) {
        if (reopened === 3 || (!isDamage(error) && !hasMoved(error))) throw error;
        const { database, inode } = this.#file;
        database.close();
        this.#file = await openCacheFile(this.#spec.folder, this.#warn, isDamage(error) ? inode : undefined);
        this.#statements = prepare(this.#file);
      }
    }
  }

  async #busily<T>(work: () => T): Promise<T> {
    for (const until = Date.now() + PATIENCE; ;) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || Date.now() > until) throw error;
        await sleep(1 + Math.random() * BLOCK);
      }
    }
  }
}

function prepare({ database }: CacheFile): Statements {
  database.exec(`PRAGMA busy_timeout = ${BLOCK}`);
  return {
    get: database.prepare('SELECT value, expires, used FROM entries WHERE hash = ?'),
    set: database.prepare(
      'INSERT INTO entries (hash, used, expires, size, value) VALUES (?, ?, ?, ?, ?) ' +
        'ON CONFLICT (hash) DO UPDATE SET used = excluded.used, expires = excluded.expires, size = excluded.size, value = excluded.value',
    ),
    delete: database.prepare('DELETE FROM entries WHERE hash = ?'),
    evict: database.prepare('DELETE FROM entries WHERE hash IN (SELECT hash FROM entries ORDER BY used LIMIT ?)'),
    note: database.prepare('UPDATE entries SET used = ? WHERE hash = ?'),
    totals: database.prepare('SELECT entries, bytes FROM totals'),
  };
}
