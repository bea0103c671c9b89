import { type Place, UserError } from '../core/errors.ts';
import { refuseDuplicates } from './duplicates.ts';
import { FrozenWriter } from './frozen-writer.ts';
import { hash53 } from './hash.ts';
import { HashLog } from './hash-log.ts';
import { jsonLoss } from './item-json.ts';
import { LineLog } from './line-log.ts';
import type { SourceItem } from './source-item.ts';

/** What to freeze, and where. */
export interface FreezeOptions {
  readonly items: AsyncIterable<SourceItem> | Iterable<SourceItem>;
  /** What identifies an item; a string or a number. */
  readonly key: (item: unknown) => unknown;
  /** Only the first so many items, at least 1; nothing is read behind them. */
  readonly limit?: number | undefined;
  /** Temporary name: the caller renames it and its `.offsets` (`offsetsFile`), which are whole and synced. */
  readonly file: string;
}

/** What was frozen; `bytes` and `sha256` are of the items file. */
export interface Frozen {
  readonly count: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly firstKey: string;
  readonly lastKey: string;
}

/**
 * Writes the items and their keys to a file from which every child can read any piece (`openFrozen`). After an error
 * nothing is left of it.
 *
 * @throws UserError when there is no item, JSON cannot hold one, or a key is missing, throws or is there twice.
 */
export async function freezeItems({ items, key: keyOf, limit = Infinity, file }: FreezeOptions): Promise<Frozen> {
  if (limit < 1) throw new RangeError(`limit ${limit}`);
  const writer = new FrozenWriter(file);
  try {
    const hashes = new HashLog();
    const lines = new LineLog();
    let [firstKey, lastKey] = ['', ''];
    for await (const { item, place } of items) {
      const at = { index: writer.count, place };
      const json = itemJson(item, at);
      const key = itemKey(item, keyOf, at);
      writer.add(key === item ? json : JSON.stringify(key), json);
      hashes.add(hash53(key));
      lines.add(at.index, place);
      if (at.index === 0) firstKey = key;
      lastKey = key;
      if (writer.count >= limit) break;
    }
    if (writer.count === 0) throw new UserError('there are no items', { hint: 'give at least one item, with --items or in the worker' });
    const frozen = writer.finish();
    refuseDuplicates(file, hashes.repeats(), lines);
    return { ...frozen, firstKey, lastKey };
  } catch (error) {
    writer.discard();
    throw error;
  }
}

/** Which item is meant in a message: by its line where it has one, else by its index. */
interface At {
  readonly index: number;
  readonly place: Place | undefined;
}

function wrongItem(at: At, what: string, hint: string, cause?: unknown): UserError {
  return new UserError(at.place ? `this item ${what}` : `item ${at.index} (counted from 0) ${what}`, {
    ...(at.place && { place: at.place }),
    hint,
    cause,
  });
}

function itemJson(item: unknown, at: At): string {
  if (typeof item === 'string') return JSON.stringify(item);
  try {
    const loss = jsonLoss(item);
    if (loss) {
      const where = loss.path && `holds something that JSON cannot: ${loss.path} `;
      throw wrongItem(at, `${where}${loss.what}`, 'make items of strings, finite numbers, booleans, null, arrays and plain objects');
    }
    return JSON.stringify(item);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const why = error instanceof RangeError ? 'it is nested too deeply' : messageOf(error);
    throw wrongItem(at, `cannot be written as JSON: ${why}`, 'give the worker plain values as items', error);
  }
}

const KEY_HINT = 'let `key` (or the field that --key names) give every item a string or a number';

function itemKey(item: unknown, keyOf: (item: unknown) => unknown, at: At): string {
  let key: unknown;
  try {
    key = keyOf(item);
  } catch (error) {
    if (error instanceof UserError) {
      if (error.place || !at.place) throw error;
      throw new UserError(error.message, { place: at.place, cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
    }
    throw wrongItem(at, `has no key: \`key\` threw ${messageOf(error)}`, KEY_HINT, error);
  }
  if (typeof key === 'string' && key !== '') return key;
  if (typeof key === 'number' && Number.isFinite(key)) return String(key);
  const what =
    key === '' ? 'an empty string' : key instanceof Promise ? 'a promise' : typeof key === 'object' && key ? 'an object' : String(key);
  throw wrongItem(at, `has no key: \`key\` gave ${what}`, KEY_HINT);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
