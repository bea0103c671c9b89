import { unreachable } from '../core/errors.ts';
import { compressInto } from './compress.ts';
import { converting } from './converting.ts';
import { csvToNdjson } from './csv-to-ndjson.ts';
import { openFileSink } from './file-sink.ts';
import { ndjsonToArray } from './json-array.ts';
import { ndjsonToCsv } from './ndjson-to-csv.ts';
import type { OutputKind } from './output.ts';
import type { Converter, Digest, Sink } from './sink.ts';
import { withHeader } from './with-header.ts';

export interface WriterOptions extends OutputKind {
  /** The name to write under; an existing file is overwritten. */
  readonly file: string;
  /** What the chunks are: rows of CSV without a header, or NDJSON. */
  readonly from: 'csv' | 'ndjson';
  /** The columns, needed wherever CSV is read or written. */
  readonly columns: readonly string[] | undefined;
  /** For a thread that has time, see `openFileSink`. */
  readonly steady?: boolean;
}

/** Takes the rows of parts, in order, and writes them as one file. One call at a time. */
export interface OutputWriter {
  /**
   * Adds bytes of rows; a chunk may begin and end anywhere, even within a character. When this has returned, or what it
   * returned has resolved, the chunk belongs to the caller again and the next call may come.
   */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Writes the end, syncs the file to disk and closes it. */
  finish(): Promise<Digest>;
  /** Closes and deletes the file; also after an error of the other two. */
  abort(): Promise<void>;
}

/** Opens an output. Memory is constant whatever its size; where the parts have its format already, their bytes are neither read nor copied. */
export function openWriter({ file, format, compression, from, columns, steady = false }: WriterOptions): OutputWriter {
  const converters = convertersFor(from, format, columns);
  const target = openFileSink(file, { steady });
  return converters.reduceRight<Sink>(converting, compression === 'none' ? target : compressInto(target, compression));
}

function convertersFor(
  from: WriterOptions['from'],
  format: WriterOptions['format'],
  columns: readonly string[] | undefined,
): readonly Converter[] {
  switch (format) {
    case 'csv':
      return from === 'csv' ? [withHeader(needed(columns))] : [ndjsonToCsv(needed(columns))];
    case 'jsonl':
      return from === 'ndjson' ? [] : [csvToNdjson(needed(columns))];
    case 'json':
      return from === 'ndjson' ? [ndjsonToArray()] : [csvToNdjson(needed(columns)), ndjsonToArray()];
    case 'parquet':
      throw new Error('Parquet has a writer of its own (parquet/output.ts)');
    default:
      return unreachable(format);
  }
}

function needed(columns: readonly string[] | undefined): readonly string[] {
  if (columns === undefined) throw new Error('CSV cannot be read or written without its columns');
  return columns;
}
