import type { Cause } from './outcome.ts';

/** How a child is told to go. Ask, wait, insist: a message, SIGTERM, SIGKILL. */
export type Urge = 'message' | 'SIGTERM' | 'SIGKILL';

/** Why a child has been told to go, how strongly, and when it is told more strongly (ms since 1970). */
export interface Told {
  readonly why: Cause;
  readonly how: Urge;
  readonly insistAt: number;
}

const STRENGTH: Readonly<Record<Urge, number>> = { message: 0, SIGTERM: 1, SIGKILL: 2 };

/** What holds once a child is told again: nothing is taken back, and its time may only get shorter. */
export function toldAgain(before: Told | undefined, next: Told): Told {
  if (!before) return next;
  const insistAt = Math.min(before.insistAt, next.insistAt);
  if (!isStronger(next.how, before)) return { ...before, insistAt };
  // What a child was asked for is no reason for what ends it.
  return before.how === 'message' ? next : { ...next, why: before.why };
}

/** True where a child has not been told as strongly. */
export const isStronger = (how: Urge, before: Told | undefined): boolean => !before || STRENGTH[how] > STRENGTH[before.how];
