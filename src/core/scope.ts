import type { Opened, SessionMode } from './events.ts';
import { IntervalSet, type Span } from './intervals.ts';
import type { Running } from './running.ts';

/** What the sessions of a run were started for, and the part of it that the current one is limited to. */
export class Scope {
  /** What the current or last session was started to do. */
  mode: SessionMode | undefined;
  /** True while the run has been planned, and perhaps measured, but never been started. */
  isOnlyPlanned = false;
  /** The positions that the session is limited to, if it is. */
  positions: IntervalSet | undefined;

  /** A session begins, the first one or another, with no limit. */
  open({ mode }: Opened): void {
    this.isOnlyPlanned = mode === 'plan' && (this.mode === undefined || this.isOnlyPlanned);
    this.mode = mode;
    this.positions = undefined;
  }

  /** By shard, what of `owed` the session may do. */
  split(owed: IntervalSet, shards: readonly Span[]): IntervalSet[] {
    const { positions } = this;
    return shards.map(([start, end]) => {
      if (!positions) return new IntervalSet(owed.within(start, end));
      return new IntervalSet([...positions.within(start, end)].flatMap(([from, to]) => [...owed.within(from, to)]));
    });
  }
}

interface Owing {
  readonly scope: Scope;
  readonly owed: IntervalSet;
  readonly waiting: readonly IntervalSet[];
  readonly running: ReadonlyMap<string, Running>;
}

/** How many positions the session has still to do. */
export function leftOf({ scope, owed, waiting, running }: Owing): number {
  if (!scope.positions) return owed.size;
  let left = 0;
  for (const { size } of waiting) left += size;
  for (const { unsettled } of running.values()) left += unsettled.size;
  return left;
}
