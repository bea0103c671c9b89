import { UserError } from '../core/errors.ts';
import type { Row } from '../core/worker.ts';
import { parseRow } from './json-parse.ts';
import { createLines } from './lines.ts';

const SLICE = 32 << 10;

/** A row as it stands in a part, without the line feed at its end, and its values. */
export interface RowRecord {
  readonly text: string;
  readonly row: Row;
}

/** Cuts rows of parts out of chunks, wherever these begin and end. */
export interface Records {
  push(chunk: Uint8Array): void;
  /** The last row, where its line feed is missing. */
  end(): void;
}

/**
 * Cuts rows and hands over each. Of CSV (without a header; `columns` are its fields) all values are texts, and a field that is empty is not in
 * the row: nothing says whether it was a text. Throws a `UserError` (exit 4) where the bytes are not what they should be.
 */
export function createRecords(from: 'csv' | 'ndjson', columns: readonly string[] | undefined, take: (record: RowRecord) => void): Records {
  const lines = createLines();
  const cut = from === 'csv' ? csvCutter(columns ?? [], take) : jsonCutter(take);
  return {
    push(chunk) {
      // Few at a time, so that a row is garbage before anything moves it.
      for (let at = 0; at < chunk.length; at += SLICE) for (const line of lines.push(chunk.subarray(at, at + SLICE))) cut.line(line);
    },
    end() {
      for (const line of lines.end()) cut.line(line);
      cut.end();
    },
  };
}

interface Cutter {
  line(line: string): void;
  end(): void;
}

function jsonCutter(take: (record: RowRecord) => void): Cutter {
  let count = 0;
  return {
    line(text) {
      count++;
      if (text !== '') take({ text, row: parseRow(text, count) });
    },
    end: () => undefined,
  };
}

function csvCutter(names: readonly string[], take: (record: RowRecord) => void): Cutter {
  let count = 0;
  // A record goes on in the next line as long as it has an odd number of quotes.
  let open = '';

  function rowOf(fields: readonly string[]): Row {
    count++;
    if (fields.length !== names.length && !(names.length === 0 && fields.join('') === '')) {
      throw new UserError(`row ${count} has ${fields.length} fields, and there are ${names.length} columns (${names.join(', ')})`, {
        exitCode: 4,
      });
    }
    const row: Record<string, string> = Object.create(null);
    for (let at = 0; at < names.length; at++) if (fields[at] !== '') row[names[at] ?? ''] = fields[at] ?? '';
    return row;
  }

  return {
    line(line) {
      if (open === '' && !line.includes('"')) return take({ text: line, row: rowOf(line.split(',')) });
      const text = open === '' ? line : `${open}\n${line}`;
      open = isClosed(text) ? '' : text;
      if (open === '') take({ text, row: rowOf(fieldsOf(text)) });
    },
    end() {
      if (open !== '') throw new UserError(`row ${count + 1} is not CSV: a quote is not closed`, { exitCode: 4 });
    },
  };
}

function isClosed(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 0;
}

/** The fields of one record, which is whole. */
function fieldsOf(text: string): readonly string[] {
  const fields: string[] = [];
  for (let at = 0; at <= text.length;) {
    if (text[at] !== '"') {
      const end = text.indexOf(',', at);
      fields.push(end < 0 ? text.slice(at) : text.slice(at, end));
      at = end < 0 ? text.length + 1 : end + 1;
      continue;
    }
    let end = text.indexOf('"', at + 1);
    while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
    fields.push(text.slice(at + 1, end).replaceAll('""', '"'));
    at = end + 2;
  }
  return fields;
}
