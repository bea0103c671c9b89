import { countSpans } from './intervals.ts';
import type { Running } from './running.ts';
import type { RunState } from './state.ts';

/** The items of a run or of a part of it. `total` is the sum of the others; `failed` are those without rows. */
export interface Tally {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  readonly waiting: number;
}

/** Running attempts that are counted as such, and how many of its items each has settled so far, by its child's last word. */
export interface Underway {
  readonly attempts: Iterable<Running>;
  settled(attempt: Running): number;
}

/** Of a run that nobody works on. */
export const NOTHING_UNDERWAY: Underway = { attempts: [], settled: () => 0 };

/**
 * How the items at `[start, end)` of the current plan stand, by default all of them. An item that is to be done again is not done,
 * also where its old rows are still there; one that failed and kept its old rows is.
 */
export function tally(state: RunState, { attempts, settled }: Underway, start = 0, end = state.plan?.count ?? 0): Tally {
  const total = end - start;
  const owed = countSpans([...state.owed.within(start, end)]);
  const failed = countBare(state, start, end);
  let [unsettled, fresh] = [0, 0];
  for (const attempt of attempts) {
    const count = countSpans([...attempt.unsettled.within(start, end)]);
    unsettled += count;
    fresh += Math.min(count, settled(attempt));
  }
  return { total, done: total - owed - failed + fresh, failed, running: unsettled - fresh, waiting: owed - unsettled };
}

/** Failed items without rows at `[start, end)`. */
function countBare({ failures, coverage }: RunState, start: number, end: number): number {
  let count = 0;
  if (end - start < failures.size) {
    for (let index = start; index < end; index++) if (failures.has(index) && !coverage.has(index)) count++;
    return count;
  }
  for (const index of failures.keys()) if (index >= start && index < end && !coverage.has(index)) count++;
  return count;
}
