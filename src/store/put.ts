/** Longer texts are left to the engine's encoder, whose call costs more than a short copy. */
const SHORT = 64;
const BILLION = 1_000_000_000;

/** Writes a text as UTF-8; gives where it ends. There must be room for three bytes a character. */
export function putText(buffer: Buffer, start: number, text: string): number {
  const { length } = text;
  if (length > SHORT) return start + buffer.write(text, start);
  let at = start;
  for (let n = 0; n < length; n++) {
    const code = text.charCodeAt(n);
    if (code > 127) return start + buffer.write(text, start);
    buffer[at++] = code;
  }
  return at;
}

/** Writes an integer from 0 to 2^53 in decimal; gives where it ends. There must be room for 16 bytes. */
export function putInteger(buffer: Buffer, start: number, value: number): number {
  if (value < BILLION) {
    let end = start + 1;
    for (let limit = 10; value >= limit; limit *= 10) end++;
    return putDigits(buffer, start, end, value);
  }
  const high = Math.floor(value / BILLION);
  const middle = putInteger(buffer, start, high);
  return putDigits(buffer, middle, middle + 9, value - high * BILLION);
}

/** Fills `[start, end)` with the last digits of a number below a billion. */
function putDigits(buffer: Buffer, start: number, end: number, value: number): number {
  let rest = value | 0;
  for (let at = end - 1; at >= start; at--) {
    const next = (rest / 10) | 0;
    buffer[at] = 48 + rest - next * 10;
    rest = next;
  }
  return end;
}

/** A text that is written again and again, four bytes at a time. */
export interface Stamp {
  readonly words: Uint32Array;
  readonly length: number;
}

/** Prepares a text of ASCII for `putStamp`. */
export function stampOf(text: string): Stamp {
  const bytes = Buffer.alloc(Math.ceil(text.length / 4) * 4);
  bytes.write(text, 'latin1');
  return { words: Uint32Array.from({ length: bytes.length / 4 }, (_, n) => bytes.readUInt32LE(n * 4)), length: text.length };
}

/** Writes a stamp; gives where it ends. Up to three bytes behind it are overwritten. */
export function putStamp(view: DataView, start: number, { words, length }: Stamp): number {
  for (let n = 0; n < words.length; n++) view.setUint32(start + n * 4, words[n] ?? 0, true);
  return start + length;
}
