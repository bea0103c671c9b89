import { rerun as rerunRun } from '../index.ts';
import { UserError } from '../core/errors.ts';
import { formatIndexSet, parseIndexSet } from '../core/index-set.ts';
import { choiceOf } from './choice.ts';
import { drive } from './drive.ts';
import type { RerunChoice } from '../core/options.ts';
import type { Settings } from './resolve.ts';
import type { Input } from './verbs.ts';

const KEYS_HINT = 'write keys such as AAPL,MSFT, or a JSON array of strings';

/** `shardyard rerun [run]` */
export async function rerun(input: Input): Promise<number> {
  const { run, verb, show } = input.settings;
  return drive(rerunRun(rerunChoice(verb), { ...run, ...choiceOf(input) }), show.progress);
}

/** What to do again: at most one of `--failed`, `--shards` and `--items`. */
export function rerunChoice({ failed, againShards, againItems }: Settings['verb']): RerunChoice {
  const given = [failed ? '--failed' : '', againShards === undefined ? '' : '--shards', againItems === undefined ? '' : '--items'].filter(
    (flag) => flag !== '',
  );
  if (given.length > 1)
    throw new UserError(`${given.join(' and ')} exclude each other`, { hint: 'give one of them, and run the command again for the other' });
  if (againShards !== undefined) return { kind: 'shards', shards: shardsOf(againShards) };
  if (againItems === undefined) return { kind: 'failed' };
  const keys = keysOf(againItems);
  if (keys.length === 0) throw new UserError('--items: no keys are given', { hint: KEYS_HINT });
  return { kind: 'items', keys };
}

/** Checked here, where the flag's name is known; which shards there are is known only to the run. */
function shardsOf(text: string): string {
  try {
    return formatIndexSet(parseIndexSet(text));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`--shards: ${error.message}`, error.hint === undefined ? {} : { hint: error.hint });
  }
}

function keysOf(text: string): string[] {
  if (!text.trimStart().startsWith('[')) return text.split(',').filter((key) => key !== '');
  try {
    const keys: unknown = JSON.parse(text);
    if (Array.isArray(keys)) {
      return keys.map((key) => {
        if (typeof key === 'string') return key;
        throw new UserError(`--items: ${JSON.stringify(key)} is not a string`, { hint: KEYS_HINT });
      });
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
  }
  throw new UserError(`--items: ${JSON.stringify(text)} is not a JSON array`, { hint: KEYS_HINT });
}
