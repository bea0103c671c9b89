import { resume as resumeRun } from '../index.ts';
import { UserError } from '../core/errors.ts';
import { choiceOf } from './choice.ts';
import { drive } from './drive.ts';
import type { ResumeOptions } from '../core/options.ts';
import type { Settings } from './resolve.ts';
import type { Input } from './verbs.ts';

/** `shardyard resume [run]` */
export async function resume(input: Input): Promise<number> {
  const { run, verb, show } = input.settings;
  return drive(resumeRun({ ...run, ...choiceOf(input), ...changedOf(verb) }), show.progress);
}

function changedOf({ keep, fresh }: Settings['verb']): Pick<ResumeOptions, 'changed'> {
  if (keep && fresh) throw new UserError('--keep and --fresh contradict each other', { hint: 'give one of them' });
  if (keep) return { changed: 'keep' };
  return fresh ? { changed: 'fresh' } : {};
}
