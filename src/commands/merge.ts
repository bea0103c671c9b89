import { merge as mergeRun } from '../index.ts';
import { arrangementOf } from '../core/arrangement.ts';
import { EXIT } from '../core/exit-codes.ts';
import { formatBytes } from '../core/quantities.ts';
import { plural } from '../reporters/numbers.ts';
import { choiceOf } from './choice.ts';
import { note, print } from './terminal.ts';
import type { MergeOptions } from '../core/api.ts';
import type { Input } from './verbs.ts';

/** `shardyard merge [run]`: prints the path of the file on stdout, the rest on stderr. */
export async function merge(input: Input): Promise<number> {
  const { run, verb } = input.settings;
  const options: MergeOptions = {
    ...choiceOf(input),
    ...(run.output === undefined ? {} : { output: run.output }),
    ...(run.strictColumns === undefined ? {} : { strictColumns: run.strictColumns }),
    ...(verb.partial === undefined ? {} : { partial: verb.partial }),
    ...(verb.asIs === undefined ? {} : { asIs: verb.asIs }),
    ...arrangementOf(run),
  };
  const { file, rows, bytes, sha256, failedItems } = await mergeRun(options);
  await print(`${file}\n`);
  note(`${plural(rows, 'row')}, ${formatBytes(bytes)}, sha256 ${sha256}`);
  if (failedItems > 0) note(`without the rows of ${plural(failedItems, 'failed item')}`);
  return EXIT.done;
}
