import type { RunChoice } from '../core/api.ts';
import type { Input } from './verbs.ts';

/** Which run a command is about, and where it is. */
export function choiceOf({ positionals, settings }: Input): RunChoice {
  const { run } = positionals;
  return { ...settings.place, ...(run === undefined ? {} : { run }) };
}
