import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type CommandSpec, fillIn, type Placeholder, placeholdersIn } from '../../core/command.ts';
import type { FrozenItem } from '../../input/item-reader.ts';
import { CommandFailure } from './failure.ts';

const ENDINGS = { csv: 'csv', json: 'jsonl', parquet: 'parquet' } as const;

/** What one process of a command is to do. */
export interface Job {
  readonly args: readonly string[];
  /** Where its output appears, absolute, and what to call that. */
  readonly file: string;
  readonly name: string;
  /** Whether it is its stdout. */
  readonly isStdout: boolean;
  /** Takes away what only this process needed. */
  readonly clean: () => void;
}

export interface JobOptions {
  readonly spec: CommandSpec;
  /** The run's name and its folder; no other process of the run has the name `name`. */
  readonly run: string;
  readonly folder: string;
  readonly name: string;
  readonly shard: number;
  readonly batch: number;
  readonly items: readonly FrozenItem[];
  /** Added to positions: where a range begins. */
  readonly offset: number;
  /** The values of swept parameters. */
  readonly swept: Readonly<Record<string, string>>;
}

/** Fills in the placeholders, writes the file of items where one is wanted, and takes away what lies where the output is to appear. */
export function prepare({ spec, folder, name, shard, batch, items, offset, swept }: JobOptions): Job {
  const own = join(folder, 'collected');
  mkdirSync(own, { recursive: true });
  const wanted = placeholdersIn([...spec.args, spec.collect]);
  const itemsFile = join(own, `${name}.items`);
  const output = join(own, `${name}.${ENDINGS[spec.format]}`);
  const texts = items.map(textOf);
  const values: Record<Placeholder, string> = {
    items: texts.join(','),
    itemsFile,
    start: String(positionOf(items[0], 0) + offset),
    end: String(positionOf(items.at(-1), -1) + 1 + offset),
    shard: String(shard),
    batch: String(batch),
    name,
    output,
  };
  const comma = wanted.has('items') && items.length > 1 ? texts.find((text) => text.includes(',')) : undefined;
  if (comma !== undefined) {
    throw new CommandFailure(
      'error',
      `the item ${JSON.stringify(comma)} has a comma, which {items} cannot tell from the next: use {itemsFile}`,
      'same',
    );
  }
  if (wanted.has('itemsFile')) writeFileSync(itemsFile, items.map((item) => `${lineOf(item)}\n`).join(''));
  const isStdout = spec.collect === '-';
  const shownAs = isStdout ? 'its stdout' : fillIn(spec.collect, { ...values, output: `collected/${name}.${ENDINGS[spec.format]}` }, swept);
  const file = isStdout ? join(own, `${name}.stdout`) : resolve(spec.cwd, fillIn(spec.collect, values, swept));
  rmSync(file, { force: true });
  if (!isStdout) mkdirSync(dirname(file), { recursive: true });
  const clean = (): void => {
    for (const one of [itemsFile, output, `${output}.stdout`, join(own, `${name}.stdout`)]) rmSync(one, { force: true });
  };
  return { args: spec.args.map((arg) => fillIn(arg, values, swept)), file, name: shownAs, isStdout, clean };
}

/** Where it is in the list, whatever is swept. */
const positionOf = (item: FrozenItem | undefined, otherwise: number): number => item?.swept?.position ?? item?.index ?? otherwise;

/** An item as one argument: a text as it is, a record by its key. */
const textOf = ({ item, key, swept }: FrozenItem): string =>
  typeof item === 'string' ? item : typeof item === 'number' ? String(item) : (swept?.key ?? key);

/** An item as one line: a text as it is, anything else as JSON. */
function lineOf({ item }: FrozenItem): string {
  if (typeof item !== 'string') return JSON.stringify(item);
  if (!/[\r\n]/.test(item)) return item;
  throw new CommandFailure('error', `the item ${JSON.stringify(item)} has a line break, which {itemsFile} cannot hold`, 'all');
}
