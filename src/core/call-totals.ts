import { addCalls, type CallStats, noCalls } from './call-stats.ts';
import type { RunEvent } from './events.ts';
import { type Amounts, NOTHING } from './spending.ts';

/** What the calls of a run came to, in all its sessions. */
export interface CallTotals {
  readonly stats: CallStats;
  /** Against `--max-calls` and the like: never less than what was really spent. */
  spent: Amounts;
}

export const noCallTotals = (): CallTotals => ({ stats: noCalls(), spent: NOTHING });

/** Adds what an event says to the totals. */
export function countCalls(totals: CallTotals, event: RunEvent): void {
  if (event.type === 'called') addCalls(totals.stats, event.calls);
  if (event.type === 'reserved') totals.spent = { calls: event.calls, tokens: event.tokens, cost: event.cost };
}
