import { NOTHING, type Converter } from './sink.ts';

const LINE_FEED = 0x0a;
const OPEN = Buffer.from('[\n');
const BETWEEN = Buffer.from(',\n');
const CLOSE = Buffer.from('\n]\n');
const EMPTY = Buffer.from('[]\n');

/**
 * NDJSON to a JSON array with a row a line: `[`, rows with a comma behind all but the last, `]`. Without rows `[]`. Works on the
 * bytes: JSON text holds no line feed, so each one is the end of a row. Empty lines vanish.
 */
export function ndjsonToArray(): Converter {
  let state: 'empty' | 'in a row' | 'between rows' = 'empty';
  let scratch = Buffer.alloc(0);
  let length = 0;

  function put(bytes: Uint8Array): void {
    scratch.set(bytes, length);
    length += bytes.length;
  }

  function putRow(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (state === 'empty') put(OPEN);
    if (state === 'between rows') put(BETWEEN);
    put(bytes);
    state = 'in a row';
  }

  function convert(chunk: Uint8Array): Uint8Array {
    // At worst rows are one byte long, and each byte becomes three.
    if (scratch.length < chunk.length * 3) scratch = Buffer.allocUnsafe(chunk.length * 3);
    length = 0;
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      putRow(chunk.subarray(start, end));
      if (state === 'in a row') state = 'between rows';
      start = end + 1;
    }
    putRow(chunk.subarray(start));
    return scratch.subarray(0, length);
  }

  return { start: () => NOTHING, convert, end: () => (state === 'empty' ? EMPTY : CLOSE) };
}
