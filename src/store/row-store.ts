import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { SortKey } from '../core/arrangement.ts';

/** SQLite keeps so much in memory (KiB); what is more goes to the disk. */
const CACHE = 8 << 10;

/** A value as rows are sorted by it. The lower rank comes first, whatever the direction; then, where all are numbers, the number, else the text. */
export interface StoredValue {
  readonly rank: number;
  readonly number: number | bigint | null;
  readonly text: string;
}

/** A row whose key another row has as well; the rows of a key follow each other, and the keys as they first appear. */
export interface Duplicate {
  readonly key: string;
  /** Whose the row is, as it was said. */
  readonly place: string;
}

/**
 * Rows on disk, to sort them and to find their duplicates, however many: the sorting is SQLite's, with bounded memory. What is here is of no
 * use to anybody else: nothing is synced, and a file that a killed process has left is deleted by the next one.
 */
export class RowStore {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #keys: readonly SortKey[];
  readonly #insert: StatementSync;
  readonly #isNumeric: boolean[];
  #count = 0;

  /** `file`: a name that is free, or left of a process that was killed. */
  constructor(file: string, keys: readonly SortKey[]) {
    rmSync(file, { force: true });
    this.#file = file;
    this.#keys = keys;
    this.#isNumeric = keys.map(() => true);
    this.#database = new DatabaseSync(file);
    // What the sorting spills belongs on the same disk. SQLite unlinks these files as soon as it has opened them.
    this.#database.exec(`PRAGMA temp_store_directory = '${dirname(file).replaceAll("'", "''")}'`);
    this.#database.exec(
      `PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -${CACHE}`,
    );
    const columns = keys.flatMap((_, at) => [`rank${at}`, `number${at}`, `text${at}`]);
    this.#database.exec(`CREATE TABLE rows (row INTEGER PRIMARY KEY, key TEXT, line TEXT${columns.map((name) => `, ${name}`).join('')})`);
    this.#insert = this.#database.prepare(`INSERT INTO rows VALUES (${Array.from({ length: 3 + columns.length }, () => '?').join(', ')})`);
    this.#database.exec('BEGIN');
  }

  /** Adds a row: what must be there once only, its text, and its values to sort by; what is not asked for is null. */
  add(key: string | null, line: string | null, values: readonly StoredValue[]): void {
    const all: (string | number | bigint | null)[] = [this.#count++, key, line];
    for (const [at, { rank, number, text }] of values.entries()) {
      if (rank === 0 && number === null) this.#isNumeric[at] = false;
      all.push(rank, number, text);
    }
    this.#insert.run(...all);
  }

  /** Rows that have a key twice. `place` says whose a row is; it is asked in the order of the rows. */
  *duplicates(place: (row: number) => string): Generator<Duplicate> {
    this.#database.exec(
      `CREATE TEMP TABLE twice AS SELECT key, min(row) AS first FROM rows GROUP BY key HAVING count(*) > 1;
       CREATE UNIQUE INDEX temp.twice_key ON twice (key);
       CREATE TEMP TABLE places (row INTEGER PRIMARY KEY, place TEXT)`,
    );
    const put = this.#database.prepare('INSERT INTO places VALUES (?, ?)');
    const found = this.#database.prepare('SELECT row FROM rows WHERE key IN (SELECT key FROM twice) ORDER BY row');
    for (const { row } of found.iterate()) put.run(Number(row), place(Number(row)));
    const all = this.#database.prepare(
      'SELECT rows.key AS key, place FROM places JOIN rows USING (row) JOIN twice ON rows.key = twice.key ORDER BY first, row',
    );
    for (const one of all.iterate()) yield { key: String(one['key']), place: String(one['place']) };
  }

  /** The texts of all rows, sorted; those that are equal stay in their order. */
  *sorted(): Generator<string> {
    const order = this.#keys.flatMap(({ descending }, at) => [
      `rank${at}`,
      `${this.#isNumeric[at] ? 'number' : 'text'}${at} ${descending ? 'DESC' : 'ASC'}`,
    ]);
    const select = this.#database.prepare(`SELECT line FROM rows ORDER BY ${[...order, 'row'].join(', ')}`);
    select.setReturnArrays(true);
    // The types do not know what was said the line before.
    for (const [line] of select.iterate() as Iterable<unknown> as Iterable<readonly unknown[]>) yield String(line);
  }

  /** Closes and deletes the file. */
  close(): void {
    this.#database.close();
    rmSync(this.#file, { force: true });
  }
}
