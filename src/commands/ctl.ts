import { ctl as controlRun } from '../index.ts';
import { isControlVerb, parseControl } from '../core/control.ts';
import { EXIT } from '../core/exit-codes.ts';
import { print } from './terminal.ts';
import type { Input } from './verbs.ts';

/** `shardyard ctl [run] <what> [value]`: prints what the run says. */
export async function ctl({ positionals, settings }: Input): Promise<number> {
  const { run, what, value } = positionals;
  // The run may be left out; a run may also be called `pause`.
  const isNamed = isControlVerb(what) || (what !== undefined && !isControlVerb(run));
  const [word, given] = isNamed ? [what, value] : [run, what];
  const request = parseControl(word, given);
  const choice = isNamed && run !== undefined ? { ...settings.place, run } : settings.place;
  await print(`${await controlRun(choice, request)}\n`);
  return EXIT.done;
}
