import type { Row, Rows } from '../core/worker.ts';

/** Encodes one row as a line of text. */
export type Encode = (row: Row) => string;

/**
 * Encodes what a worker gave back and hands each line to `sink`; the number of rows. Asynchronous only where the
 * rows are: the common case must not cost a turn of the microtask queue.
 */
export function emitRows(rows: Rows, encode: Encode, sink: (line: string) => void): number | Promise<number> {
  if (rows === undefined || rows === null) return 0;
  if (Array.isArray(rows)) {
    for (const row of rows) sink(encode(row as Row));
    return rows.length;
  }
  if (typeof rows === 'object' && Symbol.asyncIterator in rows) return emitStream(rows as AsyncIterable<Row>, encode, sink);
  if (typeof rows === 'object' && Symbol.iterator in rows && !ArrayBuffer.isView(rows)) {
    let count = 0;
    for (const row of rows as Iterable<Row>) {
      sink(encode(row));
      count++;
    }
    return count;
  }
  // The encoder refuses what is not a row.
  sink(encode(rows as Row));
  return 1;
}

/** As `emitRows`, for rows that have to be waited for. */
export async function emitLater(rows: PromiseLike<Rows>, encode: Encode, sink: (line: string) => void): Promise<number> {
  return emitRows(await rows, encode, sink);
}

async function emitStream(rows: AsyncIterable<Row>, encode: Encode, sink: (line: string) => void): Promise<number> {
  let count = 0;
  for await (const row of rows) {
    sink(encode(row));
    count++;
  }
  return count;
}

/** True for what has to be waited for, whoever made it. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
