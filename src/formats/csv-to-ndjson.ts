import { StringDecoder } from 'node:string_decoder';
import Papa from 'papaparse';
import { UserError } from '../core/errors.ts';
import { NOTHING, type Converter } from './sink.ts';

/** The part of what papaparse's low-level parser returns that we use; its types call it `any`. */
interface Parsed {
  readonly data: readonly (readonly string[])[];
  readonly errors: readonly { readonly message: string; readonly row?: number }[];
  readonly meta: { readonly cursor: number };
}

/**
 * CSV without a header to NDJSON, the fields being these columns. All values are text, as CSV does not tell more; an empty field is null.
 * Throws a `UserError` (exit 4, the parts do not verify) where quotes or the number of fields are wrong.
 */
export function csvToNdjson(columns: readonly string[]): Converter {
  // papaparse's own streams corrupt UTF-8 at the borders of chunks, so the text is cut here: the parser leaves the last row, which may be torn.
  const parser = new Papa.Parser({ delimiter: ',', newline: '\n', quoteChar: '"' });
  const decoder = new StringDecoder('utf8');
  const names = columns.map((column) => `${JSON.stringify(column.toWellFormed())}:`);
  if (new Set(names).size !== names.length) throw new UserError(`a column is named twice (${columns.join(', ')})`, { exitCode: 4 });
  let rest = '';
  let count = 0;

  function parse(text: string, torn: boolean): Uint8Array {
    const parsed = parser.parse(text, 0, torn) as Parsed;
    const [error] = parsed.errors;
    if (error !== undefined) {
      throw new UserError(`row ${count + (error.row ?? 0) + 1} is not CSV: ${error.message}`, { exitCode: 4 });
    }
    rest = text.slice(parsed.meta.cursor);
    return Buffer.from(parsed.data.map(lineOf).join(''));
  }

  function lineOf(fields: readonly string[]): string {
    count++;
    // The row of a file without columns is `""`, which reads as one empty field.
    if (names.length === 0 && fields.join('') === '') return '{}\n';
    if (fields.length !== names.length) {
      throw new UserError(`row ${count} has ${fields.length} fields, and there are ${names.length} columns (${columns.join(', ')})`, {
        exitCode: 4,
      });
    }
    return `{${fields.map((text, index) => `${names[index]}${text === '' ? 'null' : JSON.stringify(text)}`).join(',')}}\n`;
  }

  return {
    start: () => NOTHING,
    convert: (chunk) => parse(rest + decoder.write(chunk), true),
    end: () => parse(rest + decoder.end(), false),
  };
}
