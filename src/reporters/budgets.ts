import type { ChalkInstance } from 'chalk';
import { DEFAULT_BUDGET } from '../core/budget-spec.ts';
import { type BudgetView, formatBudget, formatMinute } from '../core/budget-view.ts';
import { formatCount, formatDuration } from '../core/quantities.ts';
import type { Report } from '../core/report.ts';
import { plural } from './numbers.ts';

/** A line for each budget, with its light. */
export function budgetLines(budgets: readonly BudgetView[] | undefined, chalk: ChalkInstance): string[] {
  return (budgets ?? []).map((view) => `${lamp(view, chalk)} ${formatBudget(view)}`);
}

function lamp({ light, throttled, pausedMs }: BudgetView, chalk: ChalkInstance): string {
  // 429s are the alarm that counts: a run that is paced well is at its limit by design.
  if (throttled > 0 || pausedMs > 0) return chalk.red.bold('!');
  return light === null ? chalk.dim('○') : chalk[light]('●');
}

/** What a session has charged to its budgets, for the summary, which already says of `ctx.call` how many calls there were and how long they waited. */
export function budgetFacts({ budgets = [], calls: made }: Pick<Report, 'budgets' | 'calls'>): Fact[] {
  const used = budgets.filter(({ calls, freeAt }) => calls > 0 || freeAt !== null);
  return used.map(({ name, calls, tokens, throttled, waitedMs, mostRpm, rpmLimit, freeAt }) => {
    const usedUp = freeAt === null ? [] : [`used up: no call before ${formatMinute(freeAt)}`];
    const pace = `at most ${formatCount(mostRpm)}${rpmLimit === null ? '' : `/${formatCount(rpmLimit)}`} RPM`;
    const count = plural(calls, 'call');
    if (made)
      return {
        label: name === DEFAULT_BUDGET ? 'Budget' : name,
        facts: [...(used.length > 1 || calls !== made.calls ? [count] : []), pace, ...usedUp],
      };
    return {
      label: name === DEFAULT_BUDGET ? 'Calls' : name,
      facts: [
        count,
        ...(tokens > 0 ? [plural(tokens, 'token')] : []),
        pace,
        `waited ${formatDuration(waitedMs)} (summed over calls)`,
        ...(throttled > 0 ? [`429 × ${formatCount(throttled)}`] : []),
        ...usedUp,
      ],
    };
  });
}

interface Fact {
  readonly label: string;
  readonly facts: string[];
}
