import type { RunState } from '../../../src/core/state.ts';

/** Everything that a state knows, as plain values that can be compared. */
export function plain(state: RunState): unknown {
  const { session, worker, lastAt, startedAt, endedAt, stopping, closed, merged, totals, rows, slots, warnings } = state;
  return {
    plan: state.plan?.index,
    coverages: state.coverages.map(({ segments, size }) => ({ segments, size })),
    commits: Array.from({ length: state.commits.count }, (_, number) => state.commits.get(number)),
    owed: state.owed.spans(),
    waiting: state.waiting.map((waiting) => waiting.spans()),
    careful: state.careful.spans(),
    failures: [...state.failures],
    failureLogs: [...state.failureLogs],
    trouble: [...state.trouble],
    running: [...state.running].map(([name, attempt]) => [name, { ...attempt, unsettled: attempt.unsettled.spans() }]),
    children: [...state.children],
    attempts: state.attempts,
    session,
    worker,
    lastAt,
    startedAt,
    endedAt,
    stopping,
    closed,
    merged,
    totals,
    rows,
    slots,
    warnings,
  };
}
