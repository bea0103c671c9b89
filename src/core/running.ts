import type { AttemptId, AttemptMode, RunEvent } from './events.ts';
import type { IntervalSet } from './intervals.ts';

/** A dispatched attempt that has neither been committed nor ended. `unsettled`: its positions without rows or failure so far. */
export interface Running extends AttemptId {
  readonly child: number;
  readonly slot: number;
  readonly stolen: boolean;
  readonly mode: AttemptMode;
  /** When it was dispatched (ms since 1970); time in which it stood still moves it. */
  since: number;
  /** Set while it has finished nothing for suspiciously long. */
  alarm?: Extract<RunEvent, { type: 'alarmed' }> | undefined;
  readonly unsettled: IntervalSet;
}

/** An item that has failed before. `alone`: its child died over it, so it is tried in a child of its own, not before a moment (ms since 1970). */
export interface Trouble {
  readonly tries: number;
  readonly alone: boolean;
  readonly notBefore: number;
}
