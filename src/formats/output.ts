import { UserError } from '../core/errors.ts';

/** What an output file holds, and how its bytes are packed. */
export interface OutputKind {
  readonly format: 'csv' | 'json' | 'jsonl' | 'parquet';
  readonly compression: 'none' | 'gzip' | 'zstd';
}

const FORMATS = new Map<string, OutputKind['format']>([
  ['csv', 'csv'],
  ['json', 'json'],
  ['jsonl', 'jsonl'],
  ['ndjson', 'jsonl'],
  ['parquet', 'parquet'],
]);

const COMPRESSIONS = new Map<string, OutputKind['compression']>([
  ['gz', 'gzip'],
  ['zst', 'zstd'],
]);

const HINT = 'use .csv, .json, .jsonl or .ndjson, each also with .gz or .zst, or .parquet';

/** What the name of an output file asks for: `rows.jsonl.zst` is JSON lines in zstd. Throws a `UserError` for any other ending. */
export function parseOutput(file: string): OutputKind {
  const name = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  const endings = name.toLowerCase().split('.').slice(1);
  const last = endings.at(-1) ?? '';
  const compression = COMPRESSIONS.get(last);
  const ending = (compression === undefined ? last : endings.at(-2)) ?? '';
  const format = FORMATS.get(ending);
  if (format === 'parquet' && compression !== undefined) {
    throw new UserError(`output "${file}": Parquet is compressed already`, { hint: `leave out .${last}` });
  }
  if (format !== undefined) return { format, compression: compression ?? 'none' };
  throw new UserError(complaint(file, ending, last), { hint: HINT });
}

function complaint(file: string, ending: string, last: string): string {
  if (last === '') return `output "${file}" has no ending that names a format`;
  if (ending === '') return `output "${file}": ".${last}" alone does not name a format`;
  return `output "${file}": no format is called ".${ending}"`;
}
