import { createReadStream, statSync } from 'node:fs';
import { extname, sep } from 'node:path';
import { UserError } from '../core/errors.ts';
import { csvItems } from './csv.ts';
import { jsonItems } from './json.ts';
import { jsonLineItems } from './json-lines.ts';
import { refuseDisguised } from './magic.ts';
import { parseRange } from './range.ts';
import type { SourceItem } from './source-item.ts';
import { textItems } from './text.ts';

/** Where the items come from. A range is never written out; a list can be read once. `name` is for messages. */
export type ItemSource =
  | { readonly kind: 'range'; readonly start: number; readonly end: number }
  | { readonly kind: 'list'; readonly name: string; items(): AsyncIterable<SourceItem> };

type Bytes = AsyncIterable<Uint8Array>;
type Format = (chunks: Bytes, file: string) => AsyncIterable<SourceItem>;

const FORMATS: Readonly<Record<string, Format>> = {
  '.txt': textItems,
  '.csv': csvItems,
  '.json': jsonItems,
  '.jsonl': jsonLineItems,
  '.ndjson': jsonLineItems,
};
/** Formats that are read here and there, not from front to back; their libraries are loaded only for them. */
const BINARY: Readonly<Record<string, (file: string) => Promise<AsyncIterable<SourceItem>>>> = {
  '.parquet': async (file) => (await import('./parquet/parquet-items.ts')).parquetItems(file),
  '.xlsx': async (file) => (await import('./xlsx/sheet-items.ts')).sheetItems(file),
};
const KNOWN = Object.keys({ ...FORMATS, ...BINARY }).join(' ');
const CHUNK_BYTES = 64 * 1024;

/**
 * Understands the value of `--items`: a file by its extension, `-` for stdin, a range `0:4620`, or a list `A,B,C`. What
 * has a known extension or a path separator is a file, even if it is missing. The content is read when it is iterated, a
 * piece at a time.
 *
 * @throws UserError when the value means nothing or its file cannot be read; later, while iterating, with file and line.
 */
export function openItems(spec: string, options: { stdin?: Bytes } = {}): ItemSource {
  const extension = extname(spec).toLowerCase();
  if (spec === '-') return stdinList(options.stdin);
  const binary = BINARY[extension];
  if (binary) return binaryList(spec, binary);
  const format = FORMATS[extension];
  if (format) return fileList(spec, format);
  if (spec.includes('/') || spec.includes(sep)) throw unknownFormat(spec);
  return parseRange(spec) ?? wordList(spec);
}

function stdinList(stdin: Bytes | undefined): ItemSource {
  if (!stdin) throw new UserError('--items - reads stdin, which is not there', { hint: 'pipe the items in, one a line, or name a file' });
  return { kind: 'list', name: 'stdin', items: () => textItems(stdin, 'stdin') };
}

function fileList(file: string, format: Format): ItemSource {
  refuseUnreadable(file);
  refuseDisguised(file);
  return { kind: 'list', name: file, items: () => format(fileChunks(file), file) };
}

function binaryList(file: string, open: (file: string) => Promise<AsyncIterable<SourceItem>>): ItemSource {
  refuseUnreadable(file);
  return {
    kind: 'list',
    name: file,
    async *items() {
      yield* await open(file);
    },
  };
}

async function* fileChunks(file: string): Bytes {
  try {
    yield* createReadStream(file, { highWaterMark: CHUNK_BYTES });
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw unreadable(file, error);
    throw error;
  }
}

function wordList(spec: string): ItemSource {
  const words = spec.split(',').map((word) => word.trim());
  if (words.includes('')) {
    const what = spec.trim() === '' ? 'empty' : `a list with an empty entry: "${spec}"`;
    throw new UserError(`--items is ${what}`, { hint: 'write A,B,C, a range such as 0:100, or the name of a file' });
  }
  if (words.length === 1 && isFile(spec)) throw unknownFormat(spec);
  return { kind: 'list', name: '--items', items: () => listed(words) };
}

async function* listed(words: readonly string[]): AsyncGenerator<SourceItem> {
  for (const item of words) yield { item, place: undefined };
}

function refuseUnreadable(file: string): void {
  let stat;
  try {
    stat = statSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
  if (stat.isDirectory()) throw isFolder(file);
}

/** `symbols.dat` that lies in this folder is hardly meant as an item; `AAPL` and a missing `BRK.B` are. */
function isFile(spec: string): boolean {
  return extname(spec) !== '' && (statSync(spec, { throwIfNoEntry: false })?.isFile() ?? false);
}

function unreadable(file: string, cause: unknown): UserError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new UserError('there is no such file', { place: { file }, cause, hint: 'mend the path after --items, or make the file' });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UserError(`cannot be read: ${why}`, { place: { file }, cause, hint: 'make it readable, or name another file' });
}

function unknownFormat(file: string): UserError {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) return isFolder(file);
  return new UserError(`is a file of a kind that --items does not know (${extname(file) || 'no extension'})`, {
    place: { file },
    hint: `use one of ${KNOWN}; or pipe items in, one a line, with --items -`,
  });
}

function isFolder(file: string): UserError {
  return new UserError('is a folder, not a file of items', { place: { file }, hint: 'name a file in it' });
}
