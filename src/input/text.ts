import { lineBatches, withoutReturn } from './lines.ts';
import type { SourceItem } from './source-item.ts';

/** The lines of a text as strings, as they are; blank ones are skipped. */
export async function* textItems(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<SourceItem> {
  for await (const { first, lines } of lineBatches(chunks, file)) {
    for (const [at, text] of lines.entries()) {
      const item = withoutReturn(text);
      if (item.trim() !== '') yield { item, place: { file, line: first + at } };
    }
  }
}
