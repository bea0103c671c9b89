import type { ItemTimes } from './times.ts';

/** An attempt is stuck after so many times its shard's p99, but not before so many milliseconds, and not on the word of a few items. */
const TIMES_P99 = 5;
const LEAST_MS = 5000;
const LEAST_SAMPLES = 20;
/** Milliseconds without a heartbeat after which a child's event loop must be blocked. */
const SILENT_MS = 1000;

/** What is known of a running attempt. Moments on one clock, in milliseconds. */
export interface Movement {
  /** When it last finished an item (or gave up a try at one), or else was dispatched. */
  readonly movedAt: number;
  readonly heardAt: number;
  /** Whether its last heartbeat named an item under way: one that waits for its next try is none. */
  readonly isBusy: boolean;
}

/** After how long without a finished item an attempt of a shard with these times is stuck, in ms; undefined: that cannot be told yet. */
export function patience(times: Pick<ItemTimes, 'count' | 'quantile'>): number | undefined {
  return times.count < LEAST_SAMPLES ? undefined : Math.max(LEAST_MS, TIMES_P99 * times.quantile(0.99));
}

/** For how many milliseconds a stuck attempt has finished nothing; undefined for one that is not stuck. */
export function stuckFor({ movedAt, heardAt, isBusy }: Movement, limit: number | undefined, now: number): number | undefined {
  if (limit === undefined || !(isBusy || now - heardAt > SILENT_MS)) return undefined;
  return now - movedAt > limit ? now - movedAt : undefined;
}
