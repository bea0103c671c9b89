import { setImmediate as nextTurn } from 'node:timers/promises';
import { UserError } from '../core/errors.ts';
import type { Piece } from '../core/pieces.ts';
import type { Digest } from '../formats/sink.ts';
import { openGroupCopier } from '../formats/parquet/group-copier.ts';
import { readFooter, schemaOf } from '../input/parquet/footer.ts';
import type { PartSource } from './part-source.ts';

export interface Copied extends Digest {
  readonly rows: number;
  readonly columns: readonly string[];
}

/** Merges parts that hold Parquet files, by copying their row groups: verified, but not decoded. */
export async function mergeParquet(
  source: PartSource,
  pieces: Iterable<Piece>,
  { file, signal }: { readonly file: string; readonly signal: AbortSignal | undefined },
): Promise<Copied> {
  const copier = openGroupCopier(file);
  let schema: readonly string[] | undefined;
  let columns: readonly string[] = [];
  try {
    const rows = await source.readFiles(untilStopped(pieces, signal), async (place) => {
      await nextTurn();
      const { metadata, bodyEnd } = await readFooter(place);
      const own = schemaOf(metadata);
      if (schema && JSON.stringify(own) !== JSON.stringify(schema)) throw new Error('its schema is not that of the files before it');
      schema ??= own;
      columns = topLevel(metadata.schema);
      copier.begin(metadata);
      let at = 0;
      return (bytes) => {
        const from = Math.max(0, 4 - at);
        const to = Math.min(bytes.length, bodyEnd - at);
        if (from < to) copier.write(bytes.subarray(from, to));
        at += bytes.length;
      };
    });
    if (!schema) {
      throw new UserError('there are no rows, and Parquet cannot do without columns', {
        exitCode: 4,
        hint: 'look at why all items failed',
      });
    }
    return { ...(await copier.finish()), rows, columns };
  } catch (error) {
    await copier.abort();
    throw error;
  }
}

/** The names of the columns; what is nested counts as one. */
function topLevel(schema: readonly { readonly name: string; readonly num_children?: number }[]): readonly string[] {
  const names: string[] = [];
  const below = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (schema[at]?.num_children ?? 0); child++) next = below(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = below(at)) names.push(schema[at]?.name ?? '');
  return names;
}

function* untilStopped(pieces: Iterable<Piece>, signal: AbortSignal | undefined): Generator<Piece> {
  for (const piece of pieces) {
    signal?.throwIfAborted();
    yield piece;
  }
}
