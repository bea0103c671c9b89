import type { Arrangement } from './arrangement.ts';
import { UserError } from './errors.ts';
import { nearest } from './nearest.ts';

/** A command to run instead of a worker module; an argument list, never a shell's line. Frozen in the manifest. */
export interface CommandSpec {
  /** The executable and its arguments, with placeholders. */
  readonly args: readonly string[];
  /** Where its output appears: a path with placeholders, or `-` for its stdout. */
  readonly collect: string;
  /** How the output is read: with a header and quotes, or as JSON (an array of objects, or an object a line). */
  readonly format: 'csv' | 'json' | 'parquet';
  /** The column that holds the key of a row's item. */
  readonly itemColumn?: string;
  /** The folder that it runs in, absolute. */
  readonly cwd: string;
}

/** What the user gives for one. */
export interface GivenCommand extends Arrangement {
  readonly command: readonly string[];
  readonly collect?: string | undefined;
  readonly collectAs?: CommandSpec['format'] | undefined;
  readonly itemColumn?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly output?: string | undefined;
  /** Names of parameters that are swept: each is a placeholder. */
  readonly swept?: readonly string[] | undefined;
}

const PLACEHOLDERS = ['items', 'itemsFile', 'start', 'end', 'shard', 'batch', 'name', 'output'] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** `{word}`, but not `${word}`, which belongs to a shell. */
const BRACED = /(?<!\$)\{([A-Za-z]+)\}/g;
/** The same with the names that parameters may have. */
const ANY_BRACED = /(?<!\$)\{([^{}]+)\}/g;

/** The placeholders in some texts. */
export function placeholdersIn(texts: readonly string[]): Set<Placeholder> {
  const found = new Set<Placeholder>();
  for (const text of texts) for (const [, word = ''] of text.matchAll(BRACED)) if (isPlaceholder(word)) found.add(word);
  return found;
}

/** The text with its placeholders filled in, those of swept parameters too; each stays within its argument, whatever is in it. */
export function fillIn(text: string, values: Readonly<Record<Placeholder, string>>, swept: Readonly<Record<string, string>> = {}): string {
  return text.replace(ANY_BRACED, (braced, word: string) => {
    if (Object.hasOwn(swept, word)) return swept[word] ?? braced;
    return isPlaceholder(word) ? values[word] : braced;
  });
}

const isPlaceholder = (word: string): word is Placeholder => PLACEHOLDERS.some((placeholder) => placeholder === word);

/** Checks a command as given and fills in what follows from it. Throws a `UserError` for one that could lose or mix up rows. */
export function checkCommand(given: GivenCommand, cwd: string): CommandSpec {
  const { command: args, itemColumn, swept = [] } = given;
  refuseMisspelt([...args, given.collect ?? ''], swept);
  checkSwept(swept, args);
  const told = placeholdersIn(args);
  if (!told.has('items') && !told.has('itemsFile') && !(told.has('start') && told.has('end'))) {
    throw new UserError('the command is not told its items', {
      hint: 'add {items} (joined by commas), {itemsFile} (a file, one item a line), or {start} and {end} to its arguments',
    });
  }
  if (given.collect === undefined && !told.has('output')) {
    throw new UserError('it is not said where the output of the command appears', {
      hint: "add --collect 'FOLDER/{name}.csv', hand the command a path with {output}, or take its stdout with --collect -",
    });
  }
  const collect = given.collect ?? '{output}';
  const format = given.collectAs ?? formatOf(collect, given.output);
  if (collect !== '-') checkPath(collect, told, swept);
  if (format === 'parquet') checkParquet(given);
  return { args, collect, format, cwd, ...(itemColumn === undefined ? {} : { itemColumn }) };
}

/**
 * Two processes at the same time must not write one file. A shard and a batch do not tell them apart: single items of a batch are tried
 * again beside the rest of it.
 */
function checkPath(collect: string, told: ReadonlySet<Placeholder>, swept: readonly string[]): void {
  const used = placeholdersIn([collect]);
  // The same items are there once for each combination.
  const byItems = swept.every((name) => collect.includes(`{${name}}`)) ? (['items', 'start', 'end'] as const) : [];
  const telling = ['name', 'output', ...byItems] as const;
  if (!telling.some((placeholder) => used.has(placeholder))) {
    throw new UserError(`--collect ${collect}: all processes would write the same file`, {
      hint: 'put {name} into the path, which no other process has, and into the arguments of the command',
    });
  }
  for (const placeholder of ['name', 'output'] as const) {
    if (used.has(placeholder) && !told.has(placeholder)) {
      throw new UserError(`--collect ${collect}: the command is not told {${placeholder}}`, {
        hint: `add {${placeholder}} to its arguments, so that the file can have that name`,
      });
    }
  }
  if (used.has('itemsFile')) throw new UserError(`--collect ${collect}: {itemsFile} is an input of the command`, { hint: 'use {name}' });
}

/** Parquet is copied as it is: nobody looks at its rows. */
function checkParquet({ itemColumn, columns, swept = [], output = '', unique, sort, validate }: GivenCommand): void {
  if (!/\.parquet$/i.test(output)) {
    throw new UserError('the command writes Parquet, which is merged into Parquet only', { hint: 'add -o FILE.parquet' });
  }
  const grid = swept.length > 0 ? swept : undefined;
  const wanted = { 'item-column': itemColumn, columns, grid, unique, sort, validate };
  const [stray] = Object.entries(wanted).find(([, value]) => value !== undefined) ?? [];
  if (stray !== undefined) {
    throw new UserError(`--${stray} looks at rows, and the row groups of Parquet are copied unseen`, {
      hint: 'have the command write CSV or JSON',
    });
  }
}

function formatOf(collect: string, output: string | undefined): CommandSpec['format'] {
  const name = collect === '{output}' ? (output ?? '').replace(/\.(gz|zst)$/i, '') : collect;
  const ending = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase();
  if (ending === 'json' || ending === 'jsonl' || ending === 'ndjson') return 'json';
  if (collect !== '{output}' && ending === 'parquet') return 'parquet';
  if (collect !== '{output}' && (ending === 'xlsx' || ending === 'gz' || ending === 'zst' || ending === 'tsv')) {
    throw new UserError(`--collect ${collect}: the output of a command cannot be .${ending}`, {
      hint: 'have it write CSV, JSON, JSON Lines or Parquet',
    });
  }
  return 'csv';
}

/** A command has no schema: all that can be said of a swept parameter is that it is told. */
function checkSwept(swept: readonly string[], args: readonly string[]): void {
  for (const name of swept) {
    if (isPlaceholder(name)) throw new UserError(`--grid ${name}: {${name}} means something else`, { hint: 'choose another name' });
    if (/[{}]/.test(name)) throw new UserError(`--grid ${name}: its name has a brace`, { hint: 'choose another name' });
    if (args.some((arg) => arg.replaceAll(`\${{${name}}`, '').includes(`{${name}}`))) continue;
    throw new UserError(`--grid ${name}: the command is not told it, so that all values would give the same`, {
      hint: `add {${name}} to its arguments`,
    });
  }
}

/** `{item}` and `{Name}` would reach the command as they are; a word that is far from all of ours is left alone. */
function refuseMisspelt(texts: readonly string[], swept: readonly string[]): void {
  for (const text of texts) {
    for (const [braced, word = ''] of text.matchAll(BRACED)) {
      const near = isPlaceholder(word) || swept.includes(word) ? undefined : nearest(word, [...PLACEHOLDERS, ...swept]);
      if (near === undefined) continue;
      throw new UserError(`the command has ${braced}, which means nothing here`, { hint: `did you mean {${near}}?` });
    }
  }
}

/** What to call a run of a command: its script's name, or the executable's. */
export function commandName(args: readonly string[], script: string | undefined): string {
  const path = script ?? args[0] ?? 'command';
  const base = path.split(/[\\/]/).at(-1) ?? path;
  return base.replace(/\.[A-Za-z0-9]+$/, '') || base;
}

/** The command as it can be typed. */
export const commandText = (args: readonly string[]): string =>
  args.map((arg) => (/^[\w@%+=:,./{}-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`)).join(' ');
