import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../core/errors.ts';

const VERSION = 1;
/** How long somebody else may keep the file from being opened, in milliseconds. */
const PATIENCE = 10_000;

// The size stands before the value: what counts it must not read the value, which may be large.
const SCHEMA = `
CREATE TABLE entries (hash BLOB PRIMARY KEY, used INTEGER NOT NULL, expires INTEGER, size INTEGER NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX entries_used ON entries (used);
CREATE TABLE totals (entries INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
INSERT INTO totals VALUES (0, 0);
CREATE TRIGGER added AFTER INSERT ON entries BEGIN UPDATE totals SET entries = entries + 1, bytes = bytes + new.size; END;
CREATE TRIGGER replaced AFTER UPDATE OF size ON entries BEGIN UPDATE totals SET bytes = bytes + new.size - old.size; END;
CREATE TRIGGER removed AFTER DELETE ON entries BEGIN UPDATE totals SET entries = entries - 1, bytes = bytes - old.size; END;
PRAGMA user_version = ${VERSION};
`;

/** The folder of the database within the cache's own: it is set aside as one, with whatever SQLite keeps beside it. */
const folderIn = (cache: string): string => join(cache, 'calls');
const fileIn = (cache: string): string => join(folderIn(cache), 'cache.sqlite');

/** An open database, and which file it is: another one may have taken its name since. */
export interface CacheFile {
  readonly database: DatabaseSync;
  readonly file: string;
  readonly inode: number;
}

/** SQLite's number for an error, without its details; 0 for any other error. */
const sqliteCode = (error: unknown): number =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;

/** Busy, or locked by another connection of this process: passes. */
export const isBusy = (error: unknown): boolean => sqliteCode(error) === 5 || sqliteCode(error) === 6;
/** Malformed, or no database at all. */
export const isDamage = (error: unknown): boolean => sqliteCode(error) === 11 || sqliteCode(error) === 26;
/** The file that is open has another name by now: somebody set it aside. */
export const hasMoved = (error: unknown): boolean => error instanceof Error && 'errcode' in error && error.errcode === 1032;

/**
 * Opens the database of a cache folder, which is made where there is none. One that is damaged is set aside, and `warn` hears where it is.
 * `suspect`: the inode of one that has turned out to be damaged.
 *
 * @throws UserError for a folder that cannot be written, or a database of a newer version.
 */
export async function openCacheFile(cache: string, warn: (message: string) => void, suspect?: number): Promise<CacheFile> {
  const file = fileIn(cache);
  const until = Date.now() + PATIENCE;
  for (let suspected = suspect; ;) {
    let database: DatabaseSync | undefined;
    try {
      mkdirSync(folderIn(cache), { recursive: true });
      if (suspected !== undefined && inodeOf(file) === suspected) setAside(cache, warn);
      suspected = undefined;
      database = new DatabaseSync(file, { timeout: 100 });
      prepare(database, file);
      return { database, file, inode: inodeOf(file) ?? 0 };
    } catch (error) {
      database?.close();
      if (isDamage(error)) suspected = inodeOf(file);
      else if (!isBusy(error) || Date.now() > until) throw asCacheError(error, cache);
      await sleep(1 + Math.random() * 20);
    }
  }
}

function prepare(database: DatabaseSync, file: string): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864');
  const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (found > VERSION) {
    throw new UserError(`the cache was written by a newer Shardyard (format ${found}; this one knows ${VERSION})`, {
      place: { file },
      hint: 'update Shardyard, or choose another folder with --cache',
    });
  }
  if (found === 0) create(database);
  database.prepare('SELECT entries FROM totals').get();
}

/** Several processes may do this at once: the second finds it done. */
function create(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    if (database.prepare('PRAGMA user_version').get()?.['user_version'] === 0) database.exec(SCHEMA);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/** Gives a damaged database another name. Whoever has it open notices by its errors and opens the new one. */
function setAside(cache: string, warn: (message: string) => void): void {
  const aside = `${folderIn(cache)}.damaged-${new Date().toISOString().replaceAll(/\D/g, '')}-${process.pid}`;
  try {
    renameSync(folderIn(cache), aside);
  } catch (error) {
    // Another process was quicker.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  warn(`the cache was damaged and is set aside as ${aside}: its answers are asked for again`);
  mkdirSync(folderIn(cache), { recursive: true });
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}

function asCacheError(error: unknown, cache: string): unknown {
  if (error instanceof UserError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new UserError(`the cache cannot be opened: ${message}`, {
    place: { file: cache },
    hint: 'mend its permissions, choose another folder with --cache, or do without: --cache off',
    cause: error,
  });
}
