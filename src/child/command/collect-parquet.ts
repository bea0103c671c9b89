import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readFooter, schemaOf } from '../../input/parquet/footer.ts';
import { agreeOnColumns } from '../../store/agreed-columns.ts';
import { CommandFailure } from './failure.ts';
import type { CollectOptions } from './collect.ts';

const CHUNK = 1 << 18;

/** Takes over a Parquet file as it is, once its footer is whole and its schema that of all others; gives its rows. Throws a `CommandFailure`. */
export async function collectParquet({ file, name, folder, take }: CollectOptions): Promise<number> {
  const end = statSync(file).size;
  const descriptor = openSync(file, 'r');
  try {
    const { metadata } = await readFooter({ descriptor, start: 0, end }).catch((error: unknown) => {
      throw new CommandFailure('bad-output', `${name}: ${error instanceof Error ? error.message : String(error)}`);
    });
    const schema = schemaOf(metadata);
    const agreed = agreeOnColumns(folder, schema, name);
    const at = Array.from({ length: Math.max(schema.length, agreed.columns.length) }, (_, n) => n).find(
      (n) => schema[n] !== agreed.columns[n],
    );
    if (at !== undefined) {
      const [own = 'nothing', other = 'nothing'] = [schema[at], agreed.columns[at]];
      throw new CommandFailure(
        'bad-output',
        `the schema of ${name} is not that of ${agreed.file}: it has ${own} where that one has ${other}`,
        'same',
      );
    }
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (let from = 0; from < end;) {
      const size = readSync(descriptor, buffer, 0, Math.min(CHUNK, end - from), from);
      if (size === 0) throw new CommandFailure('bad-output', `${name} became shorter while it was read`);
      take(buffer.subarray(0, size), undefined);
      from += size;
      if (from % (64 * CHUNK) === 0) await nextTurn();
    }
    return Number(metadata.num_rows);
  } finally {
    closeSync(descriptor);
  }
}
