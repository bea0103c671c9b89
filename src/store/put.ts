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
