import type { ChildState } from './child-state.ts';
import { unreachable } from './errors.ts';
import type { RunEvent } from './events.ts';
import { attemptName } from './names.ts';
import type { Running, Trouble } from './running.ts';
import type { Totals } from './totals.ts';

/** What somebody has done to a session that is going on. */
export interface Steering {
  /** Number of slots. */
  processes: number;
  /** Nothing new is dispatched. */
  paused: boolean;
  /** Since when (ms since 1970) all children stand still. */
  suspendedAt: number | undefined;
}

export type SteeringEvent = Extract<RunEvent, { type: 'controlled' | 'suspended' | 'awoke' | 'alarmed' | 'calmed' }>;

/** The part of a run's state that these events change. */
interface Steered {
  readonly steering: Steering;
  readonly slots: (number | undefined)[];
  readonly running: ReadonlyMap<string, Running>;
  readonly trouble: Map<number, Trouble>;
  readonly children: Map<number, ChildState>;
  readonly totals: Totals;
}

export const newSteering = (processes: number): Steering => ({ processes, paused: false, suspendedAt: undefined });

export function isSteering(event: RunEvent): event is SteeringEvent {
  return ['controlled', 'suspended', 'awoke', 'alarmed', 'calmed'].includes(event.type);
}

/** Takes a run's state to where an event leaves it. */
export function steer(state: Steered, event: SteeringEvent): void {
  const { steering, slots, running } = state;
  switch (event.type) {
    case 'controlled': {
      const { request } = event;
      if (request.verb === 'pause' || request.verb === 'continue') steering.paused = request.verb === 'pause';
      if (request.verb !== 'processes') return;
      steering.processes = request.processes;
      // The shard of a slot that is no more is anybody's.
      slots.splice(request.processes);
      while (slots.length < request.processes) slots.push(undefined);
      return;
    }
    case 'suspended':
      steering.suspendedAt = event.at;
      return;
    case 'awoke':
      steering.suspendedAt = undefined;
      return skip(state, event);
    case 'alarmed':
    case 'calmed': {
      const attempt = running.get(attemptName(event));
      if (attempt) attempt.alarm = event.type === 'alarmed' ? event : undefined;
      return;
    }
    default:
      return unreachable(event);
  }
}

/** So much time was nobody's: whatever is measured from a moment before, or was to happen at one, moves on by it. */
function skip({ running, trouble, children, totals }: Steered, { at, ms }: { readonly at: number; readonly ms: number }): void {
  for (const attempt of running.values()) attempt.since = later(attempt.since, ms, at);
  for (const [index, one] of trouble) if (one.notBefore > 0) trouble.set(index, { ...one, notBefore: one.notBefore + ms });
  for (const [id, child] of children) if (child.phase === 'starting') children.set(id, { ...child, since: later(child.since, ms, at) });
  totals.since = later(totals.since, ms, at);
  totals.stopped += ms;
  if (totals.lastSetupFailure > 0) totals.lastSetupFailure += ms;
}

/** A moment of the past, moved on by `ms`; what began while nobody looked did not begin after `now`. */
export const later = (moment: number, ms: number, now: number): number => Math.min(moment + ms, now);
