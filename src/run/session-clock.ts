import { momentOf } from '../core/deadline.ts';
import type { Deadline } from '../core/options.ts';
import type { RunState } from '../core/state.ts';
import type { Suspension } from './suspension.ts';

export interface SessionClockOptions {
  readonly state: RunState;
  readonly suspension: Pick<Suspension, 'now'>;
  /** When the session began (ms since 1970). */
  readonly since: number;
  readonly deadline: Deadline | undefined;
}

/** What time it is for a session: time in which everything stood still, or in which a paused run had nothing to do, is not its own. */
export class SessionClock {
  readonly #options: SessionClockOptions;
  readonly #deadline: ReturnType<typeof momentOf> | undefined;
  /** Milliseconds in which a paused run had nothing to do, and when that was last looked at. */
  #idle = 0;
  #lookedAt = 0;

  constructor(options: SessionClockOptions) {
    this.#options = options;
    this.#deadline = options.deadline && momentOf(options.deadline, options.since);
  }

  /** When the session is to be over (ms since 1970). A duration gets longer by the time in which everything stood still, a moment does not. */
  get deadline(): number | undefined {
    if (!this.#deadline) return undefined;
    return this.#deadline.at + (this.#deadline.moves ? this.#options.state.totals.stopped : 0);
  }

  /** Milliseconds since 1970; stands still while everything does. */
  now(): number {
    return this.#options.suspension.now();
  }

  /** Milliseconds since the session began, without those in which everything stood still. */
  elapsed(): number {
    return this.now() - this.#options.since - this.#options.state.totals.stopped;
  }

  /** As `elapsed`, without those in which there was nothing to do because the run was paused. Called a few times a second. */
  worked(): number {
    const { steering, running } = this.#options.state;
    const elapsed = this.elapsed();
    const since = this.#lookedAt;
    this.#lookedAt = elapsed;
    if (steering.paused && running.size === 0) this.#idle += Math.max(0, elapsed - since);
    return elapsed - this.#idle;
  }
}
