import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommandSpec } from '../../core/command.ts';
import { csvEncoder } from '../../formats/csv-row.ts';
import { UserError } from '../../core/errors.ts';
import { ForeignCsv } from '../../formats/foreign-csv.ts';
import { ForeignJson } from '../../formats/foreign-json.ts';
import { refuseDisguised } from '../../input/magic.ts';
import { agreeOnColumns } from '../../store/agreed-columns.ts';
import { CommandFailure } from './failure.ts';

const CHUNK = 1 << 18;

export interface CollectOptions {
  /** The file to read, and what to call it. */
  readonly file: string;
  readonly name: string;
  readonly format: CommandSpec['format'];
  /** The columns that were declared, if they were; the run's folder, where the children agree on them otherwise. */
  readonly columns: readonly string[] | null;
  readonly folder: string;
  readonly itemColumn: string | undefined;
  /** What every row begins with: the values of swept parameters. */
  readonly lead: Readonly<Record<string, string>>;
  /** Takes rows, encoded; `key` is what their item column has. */
  readonly take: (rows: Uint8Array | string, key: string | undefined) => void;
}

/** Reads what a command has written, checks that it is whole, and hands its rows over; their number. Throws a `CommandFailure`. */
export async function collect(options: CollectOptions): Promise<number> {
  const { file, name, format } = options;
  const found = statSync(file, { throwIfNoEntry: false });
  const ended = 'the command ended with exit code 0, but';
  if (!found) throw new CommandFailure('bad-output', `${ended} there is no ${name}`);
  if (!found.isFile()) throw new CommandFailure('bad-output', `${ended} ${name} is not a file`, 'same');
  // An empty file of JSON Lines has no rows; nothing else can be empty and whole.
  if (found.size === 0 && !/\.(jsonl|ndjson)$/i.test(name)) throw new CommandFailure('bad-output', `${ended} ${name} is empty`);
  if (format === 'parquet') return (await import('./collect-parquet.ts')).collectParquet(options);
  refuseOthers(file, name);
  const reader = format === 'csv' ? csvReader(options) : jsonReader(options);
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK, found.size)));
    for (;;) {
      const size = readSync(descriptor, buffer, 0, buffer.length, null);
      if (size === 0) break;
      reading(name, () => reader.push(buffer.subarray(0, size)));
      await nextTurn();
    }
    reading(name, () => reader.end());
  } finally {
    closeSync(descriptor);
  }
  return reader.count;
}

/** A file of another kind may look like a header without rows. */
function refuseOthers(file: string, name: string): void {
  try {
    refuseDisguised(file);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new CommandFailure('bad-output', `${name} ${error.message}`, 'same');
  }
}

/** What a reader finds wrong is the command's fault; what the disk refuses is not. */
function reading(name: string, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (error instanceof CommandFailure || !(error instanceof Error) || 'code' in error) throw error;
    throw new CommandFailure('bad-output', `${name}: ${error.message}`);
  }
}

function csvReader({ name, columns, folder, itemColumn, lead, take }: CollectOptions): ForeignCsv {
  let key: string | undefined;
  const leading = Object.keys(lead);
  return new ForeignCsv({
    header(names) {
      const twice = leading.find((column) => names.includes(column));
      if (twice !== undefined) throw inFront(name, twice);
      const whole = columns === null ? agreeOnColumns(folder, [...leading, ...names], name) : { columns, file: '--columns' };
      const agreed = { ...whole, columns: whole.columns.slice(leading.length) };
      const order = agreed.columns.map((column) => names.indexOf(column));
      if (order.includes(-1) || names.length !== order.length) throw differing(name, names, agreed);
      return order.every((column, at) => column === at) ? undefined : order;
    },
    rows: (bytes) => take(bytes, key),
    ...(leading.length === 0 ? {} : { lead: `${csvEncoder(leading)(lead).slice(0, -1)},` }),
    ...(itemColumn === undefined ? {} : { watch: { column: itemColumn, next: (text: string) => void (key = text) } }),
  });
}

const inFront = (name: string, column: string): CommandFailure =>
  new CommandFailure('bad-output', `${name} has a column ${JSON.stringify(column)}, which --grid puts in front of every row`, 'same');

function differing(
  name: string,
  names: readonly string[],
  agreed: { readonly columns: readonly string[]; readonly file: string },
): CommandFailure {
  const without = agreed.columns.filter((column) => !names.includes(column));
  const more = names.filter((column) => !agreed.columns.includes(column));
  const how = [without.length > 0 ? `without ${without.join(',')}` : '', more.length > 0 ? `with ${more.join(',')} besides` : ''];
  return new CommandFailure(
    'bad-output',
    `the header of ${name} (${names.join(',')}) is not that of ${agreed.file} (${agreed.columns.join(',')}): ${how.filter(Boolean).join(', ')}`,
    'same',
  );
}

function jsonReader({ name, columns, itemColumn, lead, take }: CollectOptions): ForeignJson {
  const leading = Object.keys(lead);
  const front = leading.length === 0 ? '' : JSON.stringify(lead).slice(0, -1);
  return new ForeignJson((text, row) => {
    const twice = leading.find((column) => Object.hasOwn(row, column));
    if (twice !== undefined) throw inFront(name, twice);
    const unknown = columns === null ? undefined : Object.keys(row).find((column) => !columns.includes(column));
    if (unknown !== undefined) throw new Error(`column ${JSON.stringify(unknown)} is not in --columns (${columns?.join(',') ?? ''})`);
    const key: unknown = itemColumn === undefined ? undefined : row[itemColumn];
    if (itemColumn !== undefined && typeof key !== 'string' && typeof key !== 'number') {
      throw new Error(`a row has no text or number in ${JSON.stringify(itemColumn)}`);
    }
    const whole = front === '' ? text : `${front}${Object.keys(row).length === 0 ? '' : ','}${text.trimStart().slice(1)}`;
    take(`${whole}\n`, key === undefined ? undefined : String(key));
  });
}
