import { UserError } from '../core/errors.ts';

/**
 * The layout of frozen items. `items-0.ndjson`: a line `{"key":"AAPL","item":…}` for each item, in order. Beside it
 * `items-0.ndjson.offsets`: little-endian float64 numbers: version, stride, number of items, bytes of the items file,
 * then the byte offset of every 256th line, so that any position can be reached without reading what is before it.
 */
export const STRIDE = 256;
/** Where the offsets begin. */
export const HEADER_BYTES = 32;
const VERSION = 1;

/** The index that lies beside a file of frozen items, and is renamed and deleted with it. */
export const offsetsFile = (file: string): string => `${file}.offsets`;

/** What the offsets file says about the items file. */
export interface FrozenHeader {
  readonly count: number;
  readonly bytes: number;
}

/** The whole offsets file. */
export function encodeOffsets({ count, bytes }: FrozenHeader, offsets: readonly number[]): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + offsets.length * 8);
  for (const [at, value] of [VERSION, STRIDE, count, bytes, ...offsets].entries()) buffer.writeDoubleLE(value, at * 8);
  return buffer;
}

/** The header of an offsets file, or `undefined` when it is none. */
export function decodeHeader(buffer: Buffer): FrozenHeader | undefined {
  if (buffer.length < HEADER_BYTES || buffer.readDoubleLE(0) !== VERSION || buffer.readDoubleLE(8) !== STRIDE) return undefined;
  return { count: buffer.readDoubleLE(16), bytes: buffer.readDoubleLE(24) };
}

/** Frozen items that are not as they were written. */
export function damaged(file: string, what: string, cause?: unknown): UserError {
  return new UserError(`the frozen items are damaged: ${what}`, {
    place: { file },
    cause,
    hint: 'restore the run folder, or start a new run',
  });
}
