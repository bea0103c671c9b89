import { csvEncoder, csvHeader } from './csv-row.ts';
import { parseRow } from './json-parse.ts';
import { createLines } from './lines.ts';
import type { Converter } from './sink.ts';

/** NDJSON to CSV with these columns, in this order; nested values stay JSON, null and missing values become empty. */
export function ndjsonToCsv(columns: readonly string[]): Converter {
  const encode = csvEncoder(columns);
  const lines = createLines();
  let count = 0;

  function encodeAll(texts: readonly string[]): Uint8Array {
    let csv = '';
    for (const text of texts) {
      count++;
      if (text !== '') csv += encode(parseRow(text, count));
    }
    return Buffer.from(csv);
  }

  return {
    start: () => Buffer.from(csvHeader(columns)),
    convert: (chunk) => encodeAll(lines.push(chunk)),
    end: () => encodeAll(lines.end()),
  };
}
