import { join } from 'node:path';
import { UserError } from '../core/errors.ts';
import { RunState } from '../core/state.ts';
import { readJournal } from '../store/journal.ts';
import { readPlans } from '../store/manifest.ts';
import type { Found } from './find-run.ts';

/** The state of a run by its journal, and how much of the journal is good. */
export function readState({ paths, manifest }: Found): { state: RunState; length: number } {
  const plans = readPlans(paths.folder);
  if (plans.length === 0) {
    throw new UserError('the run has no plan', {
      place: { file: join(paths.folder, 'plan-0.json') },
      hint: 'restore it from a backup, or start a new run',
    });
  }
  const state = new RunState(plans);
  state.worker = manifest.worker.sha256;
  let length = 0;
  try {
    length = readJournal(paths.journal, (event) => state.apply(event));
  } catch (error) {
    // A run that was killed before its first line has no journal yet.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  // A plan that was frozen but never made current is written anew when one is needed.
  if (state.coverages.length > 0) plans.length = state.coverages.length;
  else plans.length = 1;
  return { state, length };
}
