// One of the processes that use a cache at the same time: opens it, says so, then writes or reads when it is told. Arguments: whose cache,
// its folder, which process this is, of how many, and how many entries each writes.
import { hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packValue, unpackValue } from '../../src/store/cache-entry.ts';
import { SqliteCache } from '../../src/store/cache-sqlite.ts';

interface Store {
  set(key: string, value: unknown): unknown;
  get(key: string): unknown;
}

const [name = '', folder = '', index = '0', processes = '1', each = '1'] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const store = await open();

async function open(): Promise<Store> {
  if (name === 'cache') {
    const own = await SqliteCache.open({ kind: 'sqlite', folder, maxBytes: 2e9 }, console.error);
    return {
      set: (key, value) => own.set(key, packValue(value), undefined),
      get: async (key) => {
        const entry = await own.get(key);
        return entry && unpackValue(entry);
      },
    };
  }
  const file = join(folder, 'bare.sqlite');
  const table = 'CREATE TABLE IF NOT EXISTS entries (hash BLOB PRIMARY KEY, value TEXT) WITHOUT ROWID';
  const [writing, reading] = ['INSERT OR REPLACE INTO entries VALUES (?, ?)', 'SELECT value FROM entries WHERE hash = ?'];
  const bare = name === 'node:sqlite' ? await nodeSqlite(file) : await betterSqlite(file);
  bare.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  bare.exec(table);
  const [set, get] = [bare.prepare(writing), bare.prepare(reading)];
  return {
    set: (key, value) => set.run(Buffer.from(key, 'hex'), JSON.stringify(value)),
    get: (key) => {
      const row = get.get(Buffer.from(key, 'hex'));
      return typeof row === 'object' && row !== null && 'value' in row ? JSON.parse(String(row.value)) : undefined;
    },
  };
}

interface Bare {
  exec(text: string): unknown;
  prepare(text: string): { run(...values: unknown[]): unknown; get(value: unknown): unknown };
}

async function nodeSqlite(file: string): Promise<Bare> {
  const { DatabaseSync } = await import('node:sqlite');
  // Its statements take what is given here.
  return new DatabaseSync(file, { timeout: 5000 }) as unknown as Bare;
}

async function betterSqlite(file: string): Promise<Bare> {
  // It has no types of its own.
  const module: string = 'better-sqlite3';
  const { default: Database } = (await import(module)) as { default: new (file: string) => Bare };
  return new Database(file);
}

const keyOf = (of: number, number: number): string => hash('sha256', `${of} ${number}`, 'hex');
const valueOf = (of: number, number: number): unknown => ({
  of,
  number,
  text: Array.from({ length: 16 }, (_, at) => keyOf(of + at, number)).join(' '),
});

async function write(): Promise<void> {
  for (let number = 0; number < Number(each); number++) await store.set(keyOf(Number(index), number), valueOf(Number(index), number));
}

async function read(): Promise<void> {
  for (let number = 0; number < Number(each); number++) {
    const of = (Number(index) + number) % Number(processes);
    if ((await store.get(keyOf(of, number))) === undefined) throw new Error(`entry ${number} of ${of} is not there`);
  }
}

process.on('message', (what) => void (what === 'write' ? write() : read()).then(() => process.send?.('done')));
process.on('disconnect', () => process.exit(0));
process.send?.('open');
