import type { crc32 as crc32OfZlib } from 'node:zlib';

// A call into zlib costs more than a short row: below this many bytes the table wins (0.03 against 0.25 µs for 20 bytes).
const SHORT = 96;
// Loading zlib costs a child 4 ms, and many children never have so many bytes at a time.
const WORTH_LOADING = 1 << 14;
const table = new Int32Array(256);
for (let n = 0; n < 256; n++) {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  table[n] = c;
}
let native: typeof crc32OfZlib | undefined;

/** CRC-32 (ISO 3309, as in gzip) of `bytes[start, end)`, continuing from `value`. */
export function crc32(bytes: Uint8Array, start: number, end: number, value = 0): number {
  const length = end - start;
  if (length > SHORT && (native !== undefined || length > WORTH_LOADING)) {
    native ??= process.getBuiltinModule('node:zlib').crc32;
    return native(bytes.subarray(start, end), value);
  }
  let crc = ~value;
  for (let at = start; at < end; at++) crc = (table[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
