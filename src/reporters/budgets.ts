import type { ChalkInstance } from 'chalk';
import { type BudgetView, formatBudget } from '../core/budget-view.ts';
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

/** What a session has charged to its budgets, for the summary. */
export function budgetFacts({ budgets = [] }: Pick<Report, 'budgets'>): { readonly label: string; readonly facts: string[] }[] {
  return budgets
    .filter(({ calls }) => calls > 0)
    .map(({ name, calls, tokens, throttled, waitedMs, mostRpm, rpmLimit }) => ({
      label: name === 'default' ? 'Calls' : name,
      facts: [
        plural(calls, 'call'),
        ...(tokens > 0 ? [plural(tokens, 'token')] : []),
        `at most ${formatCount(mostRpm)}${rpmLimit === null ? '' : `/${formatCount(rpmLimit)}`} RPM`,
        `waited ${formatDuration(waitedMs)} (summed over calls)`,
        ...(throttled > 0 ? [`429 × ${formatCount(throttled)}`] : []),
      ],
    }));
}
