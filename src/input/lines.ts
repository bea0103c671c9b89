import { UserError } from '../core/errors.ts';
import { decodeUtf8 } from './utf8.ts';

/** Successive lines of a text, without their line feed (a carriage return before it stays); `first` is the number of the first one, from 1. */
export interface LineBatch {
  readonly first: number;
  readonly lines: readonly string[];
}

const LINE_FEED = 10;
/** Far above any sensible item, far below the longest string that Node can hold. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** Splits UTF-8 bytes into lines, a batch for each chunk that ends one; holds no more than a chunk and an unfinished line. */
export async function* lineBatches(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<LineBatch> {
  let first = 1;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const batch = (): LineBatch => ({ first, lines: decodeUtf8(Buffer.concat(pending), file, first).split('\n') });
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LINE_FEED);
    pending.push(end < 0 ? chunk : chunk.subarray(0, end));
    pendingBytes += chunk.length;
    if (end < 0 && pendingBytes <= MAX_LINE_BYTES) continue;
    if (end < 0) throw new UserError('this line is longer than 256 MiB', { place: { file, line: first }, hint: 'write one item a line' });
    const complete = batch();
    yield complete;
    first += complete.lines.length;
    pending = [chunk.subarray(end + 1)];
    pendingBytes = chunk.length - end - 1;
  }
  if (pendingBytes > 0) yield batch();
}

/** A line that ended in CR LF, without its CR. */
export function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
