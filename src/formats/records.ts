import Papa from 'papaparse';
import { UserError } from '../core/errors.ts';
import type { Row } from '../core/worker.ts';
import { parseRow } from './json-parse.ts';
import { createLines } from './lines.ts';

/** A row as it stands in a part, without the line feed at its end, and its values. */
export interface RowRecord {
  readonly text: string;
  readonly row: Row;
}

/** Cuts rows of parts out of chunks, wherever these begin and end. */
export interface Records {
  push(chunk: Uint8Array): readonly RowRecord[];
  end(): readonly RowRecord[];
}

/**
 * Starts to cut. Of CSV (without a header; `columns` are its fields) all values are texts, and a field that is empty is not in the row; nothing in it says which it was.
 * Throws a `UserError` (exit 4) where the text is not what it should be.
 */
export function createRecords(from: 'csv' | 'ndjson', columns: readonly string[] | undefined): Records {
  const lines = createLines();
  let count = 0;
  if (from === 'ndjson') {
    const recordsOf = (found: readonly string[]): RowRecord[] =>
      found.filter((line) => line !== '').map((text) => ({ text, row: parseRow(text, ++count) }));
    return { push: (chunk) => recordsOf(lines.push(chunk)), end: () => recordsOf(lines.end()) };
  }
  const names = columns ?? [];
  // A record goes on in the next line as long as it has an odd number of quotes.
  let open = '';

  function records(found: readonly string[]): RowRecord[] {
    const all: RowRecord[] = [];
    for (const line of found) {
      if (open === '' && !line.includes('"')) all.push({ text: line, row: rowOf(line.split(',')) });
      else {
        const text = open === '' ? line : `${open}\n${line}`;
        open = isClosed(text) ? '' : text;
        if (open === '') all.push({ text, row: rowOf(fieldsOf(text)) });
      }
    }
    return all;
  }

  function rowOf(fields: readonly string[]): Row {
    count++;
    if (fields.length !== names.length && !(names.length === 0 && fields.join('') === '')) {
      throw new UserError(`row ${count} has ${fields.length} fields, and there are ${names.length} columns (${names.join(', ')})`, {
        exitCode: 4,
      });
    }
    const row: Record<string, string> = Object.create(null);
    for (const [at, name] of names.entries()) if (fields[at] !== '') row[name] = fields[at] ?? '';
    return row;
  }

  return {
    push: (chunk) => records(lines.push(chunk)),
    end() {
      const last = records(lines.end());
      if (open !== '') throw new UserError(`row ${count + 1} is not CSV: a quote is not closed`, { exitCode: 4 });
      return last;
    },
  };
}

function isClosed(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 0;
}

function fieldsOf(text: string): readonly string[] {
  const { data } = Papa.parse<string[]>(text, { delimiter: ',', newline: '\n', quoteChar: '"' });
  return data[0] ?? [];
}
