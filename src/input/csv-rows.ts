import type Papa from 'papaparse';
import { UserError } from '../core/errors.ts';
import { lineBatches, withoutReturn } from './lines.ts';

/** One row and the number, from 1, of the line it starts on. */
export interface CsvRow {
  readonly fields: readonly string[];
  readonly line: number;
}

/** The text of one row, with the line breaks inside its quoted fields, and the line it starts on. */
interface Piece {
  readonly text: string;
  readonly line: number;
}

/** A row that grows beyond this has a quote that nothing closes. */
const MAX_ROW_UNITS = 16 * 1024 * 1024;
const CONFIG = { delimiter: ',', newline: '\n', quoteChar: '"', header: false, skipEmptyLines: false } as const;

/**
 * Parses CSV a batch of rows at a time. Papaparse splits rows into fields; which lines belong together is found here,
 * because its streams split multi-byte characters, hide errors and know no line numbers.
 */
export async function* csvRows(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<readonly CsvRow[]> {
  const { default: papa } = await import('papaparse');
  for await (const pieces of rowTexts(chunks, file)) {
    const rows = parsed(papa, pieces.map(({ text }) => text).join('\n'));
    // A quote in the wrong place shows as an error, or as pieces that are no rows: only then each is parsed by itself.
    if (rows?.length === pieces.length) yield rows.map((fields, at) => ({ fields, line: pieces[at]?.line ?? 0 }));
    else yield pieces.map((piece) => ({ fields: onlyRow(papa, piece, file), line: piece.line }));
  }
}

/** Joins lines until their double quotes are even in number: a line break inside quotes belongs to its field. */
async function* rowTexts(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<readonly Piece[]> {
  let open: { line: number; texts: string[]; units: number } | undefined;
  for await (const { first, lines } of lineBatches(chunks, file)) {
    const pieces: Piece[] = [];
    for (const [at, text] of lines.entries()) {
      const odd = hasOddQuotes(text);
      if (open) {
        open.texts.push(text);
        open.units += text.length;
        if (open.units > MAX_ROW_UNITS) throw wrongQuotes(file, open.line);
        if (!odd) continue;
        pieces.push({ text: withoutReturn(open.texts.join('\n')), line: open.line });
        open = undefined;
      } else if (odd) {
        open = { line: first + at, texts: [text], units: text.length };
      } else if (text !== '' && text !== '\r') {
        pieces.push({ text: withoutReturn(text), line: first + at });
      }
    }
    if (pieces.length > 0) yield pieces;
  }
  if (open) throw wrongQuotes(file, open.line);
}

function hasOddQuotes(text: string): boolean {
  let odd = false;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

function parsed(papa: typeof Papa, text: string): readonly (readonly string[])[] | undefined {
  const { data, errors } = papa.parse<string[]>(text, CONFIG);
  return errors.length === 0 ? data : undefined;
}

function onlyRow(papa: typeof Papa, { text, line }: Piece, file: string): readonly string[] {
  const [row, ...more] = parsed(papa, text) ?? [];
  if (!row || more.length > 0) throw wrongQuotes(file, line);
  return row;
}

function wrongQuotes(file: string, line: number): UserError {
  return new UserError('a double quote in this row is never closed, or stands in the wrong place', {
    place: { file, line },
    hint: 'put the whole field in double quotes and write those inside it twice',
  });
}
