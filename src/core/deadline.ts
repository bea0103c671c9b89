import type { Deadline } from './options.ts';
import type { ItemTimes } from './times.ts';

const DAY_MINUTES = 24 * 60;
/** What a batch takes besides its items: to be handed out, checked and committed (ms). */
const BATCH_MS = 200;

/** The moment (ms since 1970) at which a session that began at `since` is to be over, and whether time in which it is stopped moves it. */
export function momentOf(deadline: Deadline, since: number): { readonly at: number; readonly moves: boolean } {
  if ('after' in deadline) return { at: since + deadline.after, moves: true };
  if ('at' in deadline) return { at: deadline.at, moves: false };
  // The next time that a clock on this machine's wall shows it; summer time may begin in between.
  const day = new Date(since);
  for (let days = 0; ; days++) {
    const at = new Date(day.getFullYear(), day.getMonth(), day.getDate() + days, 0, deadline.clock % DAY_MINUTES).getTime();
    if (at > since) return { at, moves: false };
  }
}

/**
 * How many items one child finishes within `left` ms, `concurrency` at a time, by what items have taken so far: the mean each, and one
 * of them as long as the slowest hundredth. Infinite as long as no item has been finished.
 */
export function fitting(left: number, times: Pick<ItemTimes, 'count' | 'mean' | 'quantile'>, concurrency: number): number {
  if (times.count === 0) return left > 0 ? Infinity : 0;
  const mean = Math.max(times.mean, 0.001);
  const slowest = Math.max(mean, times.quantile(0.99));
  const rounds = Math.floor((left - BATCH_MS - slowest) / mean) + 1;
  return rounds < 1 ? 0 : rounds * concurrency;
}
