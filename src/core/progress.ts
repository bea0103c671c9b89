/**
 * How fast a session gets on: the mean speed over the recent past, older work counting for less and less. A value;
 * `sampleRate` makes the next one.
 *
 * Weights fade with a time constant that is never shorter than ten arrivals are apart on average. So a run whose items
 * arrive in bursts (a batch every minute) has a steady rate, and one of fast items still follows a change within a minute or two.
 */
export interface Rate {
  /** The first sample, whose items are not this session's work; null before it. */
  readonly first: { readonly at: number } | null;
  readonly at: number;
  /** The highest count so far: work that is lost and done again is no new work. */
  readonly peak: number;
  /** Samples that brought at least one new item. */
  readonly arrivals: number;
  /** Faded sums. */
  readonly items: number;
  readonly ms: number;
}

const FADE_MS = 30_000;
const FADE_ARRIVALS = 10;
/** Before this, the rate would say more about the start of the processes than about the items. */
const EVIDENCE_MS = 1000;
/** An estimate beyond a year says only that nothing moves. */
const LONGEST_ETA_SECONDS = 365 * 86_400;

/** A rate without any evidence. Give it the first sample when the session begins, with what earlier sessions have done. */
export function createRate(): Rate {
  return { first: null, at: 0, peak: 0, arrivals: 0, items: 0, ms: 0 };
}

/**
 * The rate after a look at the run: `done` items are settled at `now` (milliseconds of any clock). Sample also when nothing
 * has changed, so that a run which stands still gets slower.
 */
export function sampleRate(rate: Rate, now: number, done: number): Rate {
  if (rate.first === null) return { ...rate, first: { at: now }, at: now, peak: done };
  const at = Math.max(now, rate.at);
  const passed = at - rate.at;
  const fresh = Math.max(0, done - rate.peak);
  const arrivals = rate.arrivals + (fresh > 0 ? 1 : 0);
  const gap = (at - rate.first.at) / Math.max(1, arrivals);
  const fade = Math.max(FADE_MS, FADE_ARRIVALS * gap);
  const kept = Math.exp(-passed / fade);
  // The items are taken as spread evenly over the time since the last sample, so they fade exactly as that time does.
  const share = passed === 0 ? 1 : (fade * (1 - kept)) / passed;
  return {
    first: rate.first,
    at,
    peak: Math.max(rate.peak, done),
    arrivals,
    items: rate.items * kept + fresh * share,
    ms: rate.ms * kept + passed * share,
  };
}

/** Items a second of this session's own work; null until an item has been settled and a second has passed. */
export function perSecond(rate: Rate): number | null {
  if (rate.first === null || rate.arrivals === 0 || rate.at - rate.first.at < EVIDENCE_MS) return null;
  return (rate.items / rate.ms) * 1000;
}

/** Seconds until `remaining` items are done at `rate` items a second; null when that cannot be told. */
export function eta(remaining: number, rate: number | null): number | null {
  if (remaining <= 0) return 0;
  if (rate === null || !(rate > 0)) return null;
  const seconds = remaining / rate;
  return seconds <= LONGEST_ETA_SECONDS ? seconds : null;
}
