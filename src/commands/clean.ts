import { createInterface } from 'node:readline/promises';
import { clean as cleanRun, listRuns } from '../index.ts';
import { UserError } from '../core/errors.ts';
import { EXIT } from '../core/exit-codes.ts';
import { choiceOf } from './choice.ts';
import { note, print } from './terminal.ts';
import type { Input } from './verbs.ts';

/** `shardyard clean <run>`: prints what it removed on stdout. */
export async function clean(input: Input): Promise<number> {
  const choice = choiceOf(input);
  const { run = '' } = choice;
  // Only a run that exists is worth a question; `cleanRun` refuses an unknown one, with the nearest name.
  const known = (await listRuns(input.settings.place)).some((info) => info.run === run);
  if (known && !input.settings.verb.yes && !(await confirm(run))) {
    note('nothing was deleted');
    return EXIT.done;
  }
  for (const path of await cleanRun({ ...choice, run })) await print(`removed ${path}\n`);
  return EXIT.done;
}

async function confirm(run: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UserError('nobody can be asked, as stdin is no terminal', { hint: 'repeat the command with --yes' });
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(`Delete the run ${run} with its parts, its merged output and its logs? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    asking.close();
  }
}
