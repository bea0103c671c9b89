import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { formatUserError, UserError } from '../../src/core/errors.ts';
import { defaultKey } from '../../src/core/key.ts';
import { type Frozen, freezeItems } from '../../src/input/freeze.ts';
import { openItems } from '../../src/input/source.ts';
import type { SourceItem } from '../../src/input/source-item.ts';

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shardyard-input-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Two keys with the same 53-bit hash, found among 180 million. */
export const TWINS = ['k49391038', 'k134921533'] as const;

let files = 0;

/** A new file with this content. */
export function fileWith(folder: string, content: string | Uint8Array, extension: string): string {
  const file = join(folder, `items-${files++}${extension}`);
  writeFileSync(file, content);
  return file;
}

/** All items of a `--items` value. */
export async function itemsOf(spec: string, stdin?: AsyncIterable<Uint8Array>): Promise<unknown[]> {
  return (await sourceItems(spec, stdin)).map(({ item }) => item);
}

/** The line of each. */
export async function linesOf(spec: string): Promise<unknown[]> {
  return (await sourceItems(spec)).map(({ place }) => place?.line);
}

async function sourceItems(spec: string, stdin?: AsyncIterable<Uint8Array>): Promise<SourceItem[]> {
  const items: SourceItem[] = [];
  for await (const item of listOf(spec, stdin)) items.push(item);
  return items;
}

/** What a `--items` value that is no range stands for. */
export function listOf(spec: string, stdin?: AsyncIterable<Uint8Array>): AsyncIterable<SourceItem> {
  const source = openItems(spec, stdin ? { stdin } : {});
  if (source.kind === 'range') throw new Error('a range');
  return source.items();
}

/** Freezes a list into a new file. */
export async function frozen(
  folder: string,
  items: Iterable<unknown>,
  key: (item: unknown) => unknown = defaultKey,
): Promise<Frozen & { file: string }> {
  const file = join(folder, `frozen-${files++}`);
  const result = await freezeItems({ items: Iterator.from(items).map((item) => ({ item })), key, file });
  return { ...result, file };
}

/** The text in which the user is told what is wrong, without the folder; anything but a UserError is thrown on. */
export async function complaint(folder: string, act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (!error.hint) throw new Error(`no hint: ${error.message}`, { cause: error });
    return formatUserError(error).replaceAll(`${folder}/`, '');
  }
  throw new Error('nothing was wrong');
}
