import { resolve } from 'node:path';
import type { Arrangement } from '../core/arrangement.ts';
import { sortKeys } from '../core/arrangement.ts';
import { UserError } from '../core/errors.ts';
import { EXIT } from '../core/exit-codes.ts';
import { suggest } from '../core/nearest.ts';
import type { Row } from '../core/worker.ts';
import { csvText } from '../formats/csv-row.ts';
import { createRecords, type RowRecord } from '../formats/records.ts';
import { type CheckRow, readRowSchema } from '../formats/row-schema.ts';
import { sortValue } from '../formats/sort-value.ts';
import { RowStore } from '../store/row-store.ts';
import type { Take } from './part-source.ts';
import { RefusedRows } from './refused-rows.ts';
import type { RowLocator, RowPlace } from './row-locator.ts';

/** So many characters of sorted rows are handed over at a time. */
const CHUNK = 1 << 18;

/** Such as may be in a whole number that a double cannot hold. */
const LONG = /\d{16}/;

/** Hands over all rows, in order; gives their number. */
export type Read = (take: Take) => Promise<number>;

export interface Arranging {
  readonly arrangement: Arrangement;
  readonly from: 'csv' | 'ndjson';
  /** Where they are declared or known; those of CSV are. */
  readonly columns: readonly string[] | undefined;
  readonly read: Read;
  readonly output: string;
  /** A name for a file that may become as large as all rows. */
  readonly temporary: string;
  /** A command line about the run. */
  readonly command: (verb: string, more: string) => string;
  /** A new one: it is asked for rows in their order. */
  readonly locator: () => RowLocator;
}

/** The path of a schema as it is from any folder. */
export const resolved = ({ validate, ...rest }: Arrangement): Arrangement =>
  validate === undefined ? rest : { ...rest, validate: resolve(validate) };

/** Refuses columns that no row can have and a schema that is none, before anything is done. */
export async function checkArrangement(
  { unique = [], sort = [], validate }: Arrangement,
  columns: readonly string[] | null,
): Promise<void> {
  const sorted = sortKeys(sort).map(({ column }) => column);
  if (validate !== undefined) await readRowSchema(validate);
  if (!columns) return;
  for (const [flag, names] of [
    ['unique', unique],
    ['sort', sorted],
  ] as const) {
    const missing = names.find((name) => !columns.includes(name));
    if (missing !== undefined) throw noColumn(flag, missing, columns);
  }
}

/**
 * Checks all rows: against a schema, and for keys that are there twice (`UserError`, exit 4, with a list beside the output). Where they are
 * to be sorted, gives how to read them in that order. Call `close` afterwards in every case.
 */
export async function arrange(asked: Arranging): Promise<{ readonly read: Read; close(): void }> {
  const { arrangement, from, columns, read, output, temporary, locator, command } = asked;
  const { unique, sort, validate } = arrangement;
  const keys = sortKeys(sort ?? []);
  const wanted = new Set([...(unique ?? []), ...keys.map(({ column }) => column)]);
  const check = validate === undefined ? undefined : await readRowSchema(validate, { texts: from === 'csv' });
  const store = unique || sort ? new RowStore(temporary, keys) : undefined;
  const refused = new RefusedRows(output);
  const close = (): void => {
    refused.discard();
    store?.close();
  };
  try {
    const seen = new Set(columns);
    const add = ({ text, row }: RowRecord): void => {
      if (!columns && wanted.size > 0) for (const name of Object.keys(row)) seen.add(name);
      for (const name of wanted) if (name in row) wanted.delete(name);
      store?.add(
        unique ? keyOf(row, unique) : null,
        sort ? text : null,
        keys.map(({ column }) => sortValue(row[column], column)),
      );
    };
    const rows = await pass(asked, add, check && complaining(check, refused, { locator, isJson: from === 'ndjson' }));
    if (refused.count > 0) throw refused.publish(`${rowsOf(refused.count)} not fit ${validate}`, waysOn(command, '--validate …'));
    const missing = rows === 0 ? undefined : [...wanted].find((name) => !columns?.includes(name));
    if (missing !== undefined) {
      // The rows are all there: this is no reason to do anything again.
      const flag = unique?.includes(missing) ? 'unique' : 'sort';
      const { message, hint } = noColumn(flag, missing, [...seen]);
      throw new UserError(message, { exitCode: EXIT.merge, place: { file: output }, hint: `${waysOn(command, `--${flag} …`)}: ${hint}` });
    }
    if (store && unique) refuseDuplicates(store, unique, refused, { locator: locator(), hint: waysOn(command, '--unique …') });
    if (!store || !sort) return { read, close };
    return { read: (take) => readSorted(store, take), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Cuts all rows and hands each over, first to be checked; gives their number. */
async function pass(
  { read, from, columns }: Pick<Arranging, 'read' | 'from' | 'columns'>,
  add: (record: RowRecord) => void,
  complain: ((record: RowRecord, number: number) => void) | undefined,
): Promise<number> {
  let number = 0;
  const records = createRecords(from, columns, (record) => {
    add(record);
    complain?.(record, number);
    number++;
  });
  await read((chunk) => records.push(chunk));
  records.end();
  return number;
}

function complaining(
  check: CheckRow,
  refused: RefusedRows,
  { locator, isJson }: { readonly locator: () => RowLocator; readonly isJson: boolean },
): (record: RowRecord, number: number) => void {
  let places: RowLocator | undefined;
  return ({ text, row }, number) => {
    // Long integers are bigints, which are no numbers to a schema.
    const complaint = check(isJson && LONG.test(text) ? (JSON.parse(text) as Row) : row);
    if (complaint) refused.add((places ??= locator()).at(number), complaint.path, complaint.message);
  };
}

/** The values of a key, as CSV would show them: 1 and "1" are the same, and so are nothing and an empty text. */
const keyOf = (row: Row, columns: readonly string[]): string => JSON.stringify(columns.map((column) => csvText(row[column], column)));

/** What can be done about rows that are not as asked. */
const waysOn = (command: Arranging['command'], other: string): string =>
  `mend the worker and do the items again (\`${command('rerun', ' --items …')}\`), ask for something else (\`${command('resume', ` ${other}`)}\`), or for nothing (\`${command('merge', ' --as-is')}\`)`;

function refuseDuplicates(
  store: RowStore,
  columns: readonly string[],
  refused: RefusedRows,
  { locator, hint }: { readonly locator: RowLocator; readonly hint: string },
): void {
  const where = columns.join(', ');
  const found = store.duplicates((row) => JSON.stringify(locator.at(row)));
  // Both are what was written a moment ago.
  for (const { key, place } of found) refused.add(JSON.parse(place) as RowPlace, where, (JSON.parse(key) as readonly string[]).join(', '));
  if (refused.count === 0) return;
  throw refused.publish(`${rowsOf(refused.count)} not have a key (${where}) of their own`, hint);
}

const rowsOf = (count: number): string => (count === 1 ? '1 row does' : `${count} rows do`);

async function readSorted(store: RowStore, take: Take): Promise<number> {
  let rows = 0;
  let text = '';
  for (const line of store.sorted()) {
    rows++;
    text += `${line}\n`;
    if (text.length < CHUNK) continue;
    await take(Buffer.from(text));
    text = '';
  }
  if (text !== '') await take(Buffer.from(text));
  return rows;
}

function noColumn(flag: string, name: string, columns: readonly string[]): UserError {
  return new UserError(`--${flag}: there is no column ${JSON.stringify(name)}`, {
    hint: suggest(name, columns) ?? (columns.length > 0 ? `there are ${columns.join(', ')}` : 'no row has it'),
  });
}
