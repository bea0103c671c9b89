/** How a rate gives way to 429s and comes back. Times in milliseconds. */
export interface Adaptive {
  /** The part of the configured rate that is used. */
  readonly factor: number;
  /** The factor at which the last 429 came. */
  readonly ceiling: number;
  readonly cutAt: number;
  /** When the factor was last raised, and when it began to go beyond the ceiling. */
  readonly raisedAt: number;
  readonly probingSince: number | undefined;
}

const LEAST = 0.05;
const CUT = 0.8;
const BETWEEN_CUTS = 1000;
const HOLD = 2000;
const STEP = 1000;
/** Beyond the ceiling: half a percent a second at first, twice that every 5 s, at most 5 %. */
const PROBE = 0.005;
const MOST_PROBE = 0.05;
const DOUBLING = 5000;

/** The full rate, and nothing known. */
export const fullRate: Adaptive = { factor: 1, ceiling: 1, cutAt: -Infinity, raisedAt: -Infinity, probingSince: undefined };

/** After a 429 to a call that left at `sentAt`. What left before the last cut says nothing about the rate since. */
export function throttled(state: Adaptive, now: number, sentAt: number): Adaptive {
  if (sentAt < state.cutAt || now - state.cutAt < BETWEEN_CUTS) return state;
  return { factor: Math.max(LEAST, state.factor * CUT), ceiling: state.factor, cutAt: now, raisedAt: now + HOLD, probingSince: undefined };
}

/**
 * The rate as time goes by without 429s: first half of the way back to just below where the last 429 came, each second, then carefully
 * beyond it, since the limit may have been lifted.
 */
export function recovering(state: Adaptive, now: number): Adaptive {
  let next = state;
  while (next.factor < 1 && now - next.raisedAt >= STEP) {
    const raisedAt = next.raisedAt + STEP;
    if (next.factor < 0.93 * next.ceiling) {
      const step = Math.max(0.01, (0.95 * next.ceiling - next.factor) / 2);
      next = { ...next, raisedAt, factor: Math.min(1, next.factor + step) };
    } else {
      const probingSince = next.probingSince ?? raisedAt;
      const step = Math.min(MOST_PROBE, PROBE * 2 ** Math.floor((raisedAt - probingSince) / DOUBLING));
      next = { ...next, raisedAt, probingSince, factor: Math.min(1, next.factor * (1 + step)) };
    }
  }
  return next;
}
