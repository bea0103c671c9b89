import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Span } from '../core/intervals.ts';
import { damaged, decodeHeader, HEADER_BYTES, offsetsFile, STRIDE } from './frozen.ts';
import { parseKey, parseLine } from './frozen-line.ts';
import { checkSpan, type FrozenItem, type FrozenKey, type FrozenRef, type ItemReader } from './item-reader.ts';
import { LineReader } from './line-reader.ts';
import { rangeReader } from './range-reader.ts';

export { rangeReader } from './range-reader.ts';
export type * from './item-reader.ts';

/** The reader for either kind of list. */
export function openItemsReader(ref: FrozenRef): ItemReader {
  return typeof ref === 'string' ? openFrozen(ref) : rangeReader(ref.start, ref.end);
}

/**
 * Opens frozen items. Costs two opens and one small read, whatever their number.
 *
 * @throws UserError when the file or its `.offsets` is missing or not whole.
 */
export function openFrozen(file: string): ItemReader {
  const { items, offsets, count } = openFiles(file);
  const offset = Buffer.alloc(8);
  let spare: LineReader | undefined;

  /** The line of item `index` becomes the current one. */
  const advance = (lines: LineReader, index: number): void => {
    if (!lines.next()) throw damaged(file, `it ends before item ${index}`);
  };

  /** Makes item `position` the next one; short hops forward go line by line, others through the offsets. */
  const goTo = (lines: LineReader, position: number, from: number | undefined): void => {
    let at = from;
    if (at === undefined || at > position || position - at > STRIDE) {
      const block = Math.floor(position / STRIDE);
      if (readSync(offsets, offset, 0, 8, HEADER_BYTES + block * 8) < 8) throw damaged(offsetsFile(file), 'it ends too early');
      lines.seek(offset.readDoubleLE(0));
      at = block * STRIDE;
    }
    for (; at < position; at++) advance(lines, at);
  };

  function* each<T>(spans: Iterable<Span>, take: (lines: LineReader, index: number) => T | undefined): Generator<T, void> {
    const lines = spare ?? new LineReader(items);
    spare = undefined;
    let at: number | undefined;
    try {
      for (const [start, end] of spans) {
        checkSpan(start, end, count);
        if (start === end) continue;
        goTo(lines, start, at);
        for (let index = start; index < end; index++) {
          advance(lines, index);
          const value = take(lines, index);
          if (value === undefined) throw damaged(file, `the line of item ${index} is not one`);
          yield value;
        }
        at = end;
      }
    } finally {
      spare = lines;
    }
  }

  const readKeys = (spans: Iterable<Span> = [[0, count]]): Generator<FrozenKey, void> => each(spans, keyOf);
  return {
    count,
    read: (spans) => each(spans, itemOf),
    readKeys,
    keyAt(position) {
      checkSpan(position, position + 1, count);
      for (const { key } of readKeys([[position, position + 1]])) return key;
      throw damaged(file, `it ends before item ${position}`);
    },
    close() {
      closeSync(items);
      closeSync(offsets);
    },
  };
}

function itemOf({ buffer, start, end }: LineReader, index: number): FrozenItem | undefined {
  const line = parseLine(buffer, start, end);
  return line && { index, key: line.key, item: line.item };
}

function keyOf({ buffer, start, end }: LineReader, index: number): FrozenKey | undefined {
  const key = parseKey(buffer, start, end);
  return key === undefined ? undefined : { index, key };
}

function openFiles(file: string): { items: number; offsets: number; count: number } {
  const open: number[] = [];
  const opened = (path: string): number => {
    const descriptor = openSync(path, 'r');
    open.push(descriptor);
    return descriptor;
  };
  try {
    const items = opened(file);
    const offsets = opened(offsetsFile(file));
    const start = Buffer.alloc(HEADER_BYTES);
    const header = decodeHeader(start.subarray(0, readSync(offsets, start, 0, HEADER_BYTES, 0)));
    if (!header) throw damaged(offsetsFile(file), 'it is not an index of this version');
    const { size } = fstatSync(items);
    if (size !== header.bytes) throw damaged(file, `${size} bytes instead of ${header.bytes}`);
    return { items, offsets, count: header.count };
  } catch (error) {
    for (const descriptor of open) closeSync(descriptor);
    throw error instanceof Error && 'syscall' in error ? damaged(file, error.message, error) : error;
  }
}
