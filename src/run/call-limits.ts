import { LIMIT_FLAGS, type SpendingLimits } from '../core/spending.ts';
import type { RunState } from '../core/state.ts';
import type { RunSettings } from '../store/manifest.ts';

/** The limits of a run's spending. */
export function limitsOf({ maxCalls, maxTokens, maxCost }: RunSettings): SpendingLimits {
  return {
    ...(maxCalls === undefined ? {} : { calls: maxCalls }),
    ...(maxTokens === undefined ? {} : { tokens: maxTokens }),
    ...(maxCost === undefined ? {} : { cost: maxCost }),
  };
}

/** What a run that has spent its budget needs to be resumed with: twice as much of what is nearly used up. */
export function moreBudget(state: RunState, settings: RunSettings): string {
  if (state.stopping?.why !== 'budget') return '';
  const limits = limitsOf(settings);
  const names = (['calls', 'tokens', 'cost'] as const).filter((name) => state.totals.calls.spent[name] >= 0.9 * (limits[name] ?? Infinity));
  return names.map((name) => ` ${LIMIT_FLAGS[name]} ${2 * (limits[name] ?? 0)}`).join('');
}
