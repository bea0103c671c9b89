import { constants } from 'node:buffer';
import { UserError } from '../core/errors.ts';
import { jsonFault } from './json-fault.ts';
import type { SourceItem } from './source-item.ts';
import { decodeUtf8 } from './utf8.ts';

/** The elements of a JSON array. The file is read into memory as a whole, which is what JSON.parse needs. */
export async function* jsonItems(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<SourceItem> {
  const value = parsed(decodeUtf8(await whole(chunks, file), file, 1), file);
  if (!Array.isArray(value)) {
    const what = value !== null && typeof value === 'object' ? 'an object' : `a single value (${JSON.stringify(value).slice(0, 40)})`;
    throw new UserError(`holds ${what}, not an array of items`, { place: { file }, hint: 'put the items into [ ]' });
  }
  for (const item of value) yield { item, place: undefined };
}

async function whole(chunks: AsyncIterable<Uint8Array>, file: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    bytes += chunk.length;
    if (bytes > constants.MAX_STRING_LENGTH) {
      throw new UserError('is too long for a .json file', { place: { file }, hint: 'write it as .jsonl, one item a line' });
    }
  }
  return Buffer.concat(pieces);
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { offset, what } = jsonFault(text);
    const before = text.slice(0, offset).split('\n');
    const place = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    throw new UserError(`not JSON: ${what}`, { place, cause, hint: 'mend it there' });
  }
}
