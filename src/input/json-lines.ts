import { type Place, UserError } from '../core/errors.ts';
import { jsonFault } from './json-fault.ts';
import { lineBatches } from './lines.ts';
import type { SourceItem } from './source-item.ts';

/** The values of a file with one JSON value a line; blank lines are skipped. */
export async function* jsonLineItems(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<SourceItem> {
  for await (const { first, lines } of lineBatches(chunks, file)) {
    for (const [at, text] of lines.entries()) {
      const place = { file, line: first + at };
      if (text.trim() !== '') yield { item: parsed(text, place), place };
    }
  }
}

function parsed(text: string, place: Place): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const fault = jsonFault(text);
    throw new UserError(`not JSON: ${fault.what}`, {
      place: { ...place, column: fault.offset + 1 },
      cause,
      hint: 'write one JSON value a line',
    });
  }
}
