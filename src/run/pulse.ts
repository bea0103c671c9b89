import { halts } from '../core/halt.ts';
import { patience, stuckFor } from '../core/health.ts';
import { attemptName } from '../core/names.ts';
import type { Running } from '../core/running.ts';
import type { RunState } from '../core/state.ts';
import type { RunSettings } from '../store/manifest.ts';
import type { RunPaths } from '../store/paths.ts';
import type { Dispatcher } from './dispatcher.ts';
import { doingOf } from './doing.ts';
import type { Live } from './live.ts';

export interface PulseOptions {
  readonly dispatcher: Dispatcher;
  readonly state: RunState;
  readonly settings: RunSettings;
  readonly paths: RunPaths;
  /** When the session is to be over (ms since 1970). */
  readonly deadline: () => number | undefined;
}

/** Looks at what no event tells, a few times a second: a deadline that has come, failures that are not committed yet, children that are stuck. */
export function beat({ dispatcher, state, settings, paths, deadline }: PulseOptions, now: number): void {
  if (!state.stopping) {
    const { fitting = Infinity } = dispatcher.pace.fitting(deadline(), now, settings.concurrency, dispatcher.live.values());
    // What is in flight now is over in time; the next items would not be.
    if (fitting < 1) dispatcher.stop('deadline');
    else if (settings.halt && halts(settings.halt, failedSoFar(state, dispatcher.live.values()), state.plan?.count ?? 0))
      dispatcher.stop('halt', settings.halt.when === 'now' ? 'kill' : 'drain');
  }
  for (const attempt of state.running.values()) {
    const live = dispatcher.live.get(attempt.child);
    if (!live || live.attempt !== attemptName(attempt) || live.receipt) continue;
    const { shard, batch, attempt: number } = attempt;
    const id = { shard, batch, attempt: number };
    const quietMs = stuck(attempt, live, dispatcher, now);
    if (quietMs === undefined) {
      if (attempt.alarm) dispatcher.emit({ type: 'calmed', ...id });
    } else if (!attempt.alarm) {
      const p99Ms = dispatcher.pace.of(shard, live).quantile(0.99);
      const doing = doingOf(state, dispatcher.live, paths, now);
      dispatcher.emit({ type: 'alarmed', ...id, child: attempt.child, quietMs, p99Ms, doing });
    }
  }
}

/** Failed items of this session, those of running attempts included: a batch may go on for long after one of its items has failed. */
function failedSoFar(state: RunState, lives: Iterable<Live>): number {
  let failed = state.totals.failed;
  for (const live of lives) if (live.attempt !== undefined && !live.receipt) failed += live.failed;
  return failed;
}

/** An attempt that has given the alarm is stuck until it moves, whatever else is learnt of its shard meanwhile. */
function stuck(attempt: Running, live: Live, { pace }: Dispatcher, now: number): number | undefined {
  const { movedAt, heardAt, oldest } = live;
  if (attempt.alarm) return movedAt > attempt.alarm.at ? undefined : now - movedAt;
  return stuckFor({ movedAt, heardAt, isBusy: oldest !== null }, patience(pace.of(attempt.shard, live)), now);
}
