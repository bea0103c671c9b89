import { NOTHING, type Converter } from './sink.ts';

const LINE_FEED = 0x0a;
const COMMA = 0x2c;
const OPEN = Buffer.from('[\n');
const CLOSE = Buffer.from('\n]\n');
const EMPTY = Buffer.from('[]\n');

/**
 * NDJSON to a JSON array with a row a line: `[`, rows with a comma behind all but the last, `]`. Without rows `[]`. Works on the
 * bytes: JSON text holds no line feed, so each one is the end of a row. Empty lines vanish.
 */
export function ndjsonToArray(): Converter {
  let state: 'empty' | 'in a row' | 'between rows' = 'empty';
  let scratch = Buffer.alloc(0);

  function convert(chunk: Uint8Array): Uint8Array {
    // At worst a byte becomes three: a one-byte row behind a line end.
    if (scratch.length < chunk.length * 3) scratch = Buffer.allocUnsafe(chunk.length * 3);
    let length = 0;
    for (const byte of chunk) {
      if (byte === LINE_FEED) {
        if (state === 'in a row') state = 'between rows';
        continue;
      }
      if (state === 'between rows') {
        scratch[length++] = COMMA;
        scratch[length++] = LINE_FEED;
      } else if (state === 'empty') {
        length += OPEN.copy(scratch, length);
      }
      state = 'in a row';
      scratch[length++] = byte;
    }
    return scratch.subarray(0, length);
  }

  return { start: () => NOTHING, convert, end: () => (state === 'empty' ? EMPTY : CLOSE) };
}
