import { status as statusOf } from '../index.ts';
import { EXIT } from '../core/exit-codes.ts';
import { choiceOf } from './choice.ts';
import { formatStatus } from './status-text.ts';
import { colour, print, printJson } from './terminal.ts';
import type { Input } from './verbs.ts';

/** `shardyard status [run]` */
export async function status(input: Input): Promise<number> {
  const found = await statusOf(choiceOf(input));
  if (input.settings.verb.json) await printJson(found);
  else await print(formatStatus(found, input.settings.place, colour.out));
  return EXIT.done;
}
