import type { RunEvent, StopReason } from '../core/events.ts';
import { halts } from '../core/halt.ts';
import type { RunState } from '../core/state.ts';
import type { RunSettings } from '../store/manifest.ts';
import { type RunPaths, shown } from '../store/paths.ts';

/** So many children in a row that get nothing done mean that no child will. */
const SETUP_FAILURES = 3;
const FRUITLESS = 8;

export interface StopDue {
  readonly why: StopReason;
  readonly how: 'drain' | 'kill';
  readonly warning?: string;
}

/** Whether an event is a reason to stop the run; `state` has it already. */
export function stopDue(
  event: RunEvent,
  state: RunState,
  { halt }: Pick<RunSettings, 'halt'>,
  { logs }: Pick<RunPaths, 'logs'>,
): StopDue | undefined {
  if ((event.type === 'committed' || event.type === 'item-failed') && halt && halts(halt, state.totals.failed, state.plan?.count ?? 0)) {
    return { why: 'halt', how: halt.when === 'now' ? 'kill' : 'drain' };
  }
  const { setupFailures, fruitless } = state.totals;
  if (event.type !== 'child-ended' || (setupFailures < SETUP_FAILURES && fruitless < FRUITLESS)) return undefined;
  const who = setupFailures > 0 ? 'the worker cannot be set up' : 'no child gets anything done';
  return { why: 'setup', how: 'drain', warning: `${who}: ${event.message ?? event.cause}; see ${shown(logs)}` };
}
