import { promisify } from 'node:util';
import { zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { crc32 } from './crc.ts';

/** The largest value that is kept, in bytes. */
const LARGEST_VALUE = 10 << 20;
/** Above so many bytes a value is compressed; above so many more, in a thread, so that the loop is not held up. */
const WORTH_COMPRESSING = 1024;
const WORTH_A_THREAD = 256 << 10;

const KINDS = ['json', 'bytes'] as const;
const COMPRESSED = 16;
/** A byte that says what follows, and the CRC-32 of that. */
const HEAD = 5;

/** A cached value: JSON text in UTF-8, or bytes. */
export interface CacheEntry {
  readonly kind: 'json' | 'bytes';
  readonly bytes: Uint8Array;
}

/** A value as an entry. Throws a TypeError for what JSON cannot hold, a RangeError for what is too large. */
export function packValue(value: unknown): CacheEntry {
  const entry = value instanceof Uint8Array ? ({ kind: 'bytes', bytes: value } as const) : packJson(value);
  if (entry.bytes.length > LARGEST_VALUE)
    throw new RangeError(`a value of ${entry.bytes.length} bytes is too large for the cache: at most 10 MiB`);
  return entry;
}

function packJson(value: unknown): CacheEntry {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined)
    throw new TypeError(
      `the cache holds what JSON can hold, and bytes; this is ${value === undefined ? 'undefined' : `a ${typeof value}`}`,
    );
  return { kind: 'json', bytes: Buffer.from(text) };
}

export function unpackValue({ kind, bytes }: CacheEntry): unknown {
  return kind === 'bytes' ? bytes : JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
}

/** An entry as it is stored: compressed where that helps, with a checksum. */
export async function sealEntry({ kind, bytes }: CacheEntry): Promise<Buffer> {
  const small =
    bytes.length <= WORTH_COMPRESSING
      ? bytes
      : bytes.length <= WORTH_A_THREAD
        ? zstdCompressSync(bytes)
        : await promisify(zstdCompress)(bytes);
  const isCompressed = small.length < bytes.length;
  const payload = isCompressed ? small : bytes;
  const sealed = Buffer.allocUnsafe(HEAD + payload.length);
  sealed[0] = KINDS.indexOf(kind) + 1 + (isCompressed ? COMPRESSED : 0);
  sealed.set(payload, HEAD);
  sealed.writeUInt32LE(crc32(sealed, HEAD, sealed.length), 1);
  return sealed;
}

/** What was sealed; `undefined` where it is damaged. */
export function openEntry(stored: Uint8Array): CacheEntry | undefined {
  const sealed = Buffer.from(stored.buffer, stored.byteOffset, stored.length);
  const flags = sealed[0] ?? 0;
  const kind = KINDS[(flags & ~COMPRESSED) - 1];
  if (kind === undefined || sealed.length < HEAD || sealed.readUInt32LE(1) !== crc32(sealed, HEAD, sealed.length)) return undefined;
  const payload = sealed.subarray(HEAD);
  try {
    return { kind, bytes: (flags & COMPRESSED) === 0 ? payload : zstdDecompressSync(payload, { maxOutputLength: LARGEST_VALUE }) };
  } catch {
    return undefined;
  }
}
