/** Ratio of neighbouring classes of durations: percentiles are right to 5 %. */
const STEP = 1.1;

/** What the calls of a run came to: sums, which can be added up. Times in milliseconds. */
export interface CallStats {
  /** Answers from the cache, answers that were not there, and answers of the same call made elsewhere. */
  hits: number;
  misses: number;
  joined: number;
  /** Requests sent, tries again included; those among them that were another try for a call that had failed. */
  calls: number;
  retries: number;
  fallbacks: number;
  /** Requests that failed, by status: `429`, `401`, `timeout`, `network`, `error`. */
  failed: Record<string, number>;
  /** Time of the requests, and how many took about `STEP` to the power of so many milliseconds. */
  ms: number;
  durations: Record<string, number>;
  /** Time that calls waited for permits, pauses and each other. */
  waitedMs: number;
  tokens: number;
  cost: number;
}

/** What is shown of it. */
export interface CallReport {
  readonly hits: number;
  readonly misses: number;
  readonly joined: number;
  readonly calls: number;
  /** Calls that were not made: hits and joined ones. */
  readonly saved: number;
  readonly retries: number;
  readonly fallbacks: number;
  readonly failed: Readonly<Record<string, number>>;
  /** Of one request. */
  readonly ms: { readonly mean: number; readonly p50: number; readonly p95: number } | null;
  readonly waitedMs: number;
  readonly tokens: number;
  readonly cost: number;
}

export const noCalls = (): CallStats => ({
  hits: 0,
  misses: 0,
  joined: 0,
  calls: 0,
  retries: 0,
  fallbacks: 0,
  failed: {},
  ms: 0,
  durations: {},
  waitedMs: 0,
  tokens: 0,
  cost: 0,
});

const SUMS = ['hits', 'misses', 'joined', 'calls', 'retries', 'fallbacks', 'ms', 'waitedMs', 'tokens', 'cost'] as const;

/** Counts a request that took so long; `failed`: the status it failed with. */
export function countCall(stats: CallStats, ms: number, failed: string | undefined): void {
  stats.calls++;
  stats.ms += ms;
  bump(stats.durations, String(Math.round(Math.log(Math.max(ms, 0.01)) / Math.log(STEP))), 1);
  if (failed !== undefined) bump(stats.failed, failed, 1);
}

/** Adds one set of sums to another. What came over a channel or from a journal may lack some. */
export function addCalls(to: CallStats, more: Partial<CallStats>): void {
  for (const name of SUMS) to[name] += more[name] ?? 0;
  for (const [name, count] of Object.entries(more.failed ?? {})) bump(to.failed, name, count);
  for (const [name, count] of Object.entries(more.durations ?? {})) bump(to.durations, name, count);
}

/** Only what is not 0, for a journal or a channel; `undefined` where there is nothing to tell. */
export function compactCalls(stats: CallStats): Partial<CallStats> | undefined {
  const some: Partial<CallStats> = {};
  for (const name of SUMS) if (stats[name] !== 0) some[name] = Math.round(stats[name] * 1e6) / 1e6;
  if (Object.keys(stats.failed).length > 0) some.failed = stats.failed;
  if (Object.keys(stats.durations).length > 0) some.durations = stats.durations;
  return Object.keys(some).length > 0 ? some : undefined;
}

/** What is shown of the sums; null where no call was made or answered. */
export function callReport(stats: CallStats): CallReport | null {
  if (compactCalls(stats) === undefined) return null;
  const { hits, misses, joined, calls, retries, fallbacks, failed, ms, durations, waitedMs, tokens, cost } = stats;
  const times = calls === 0 ? null : { mean: ms / calls, p50: percentile(durations, 0.5), p95: percentile(durations, 0.95) };
  return { hits, misses, joined, calls, saved: hits + joined, retries, fallbacks, failed, ms: times, waitedMs, tokens, cost };
}

function percentile(durations: Readonly<Record<string, number>>, share: number): number {
  const classes = Object.entries(durations)
    .map(([power, count]) => [Number(power), count] as const)
    .toSorted(([a], [b]) => a - b);
  const wanted = share * classes.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [power, count] of classes) {
    seen += count;
    if (seen >= wanted) return STEP ** power;
  }
  return 0;
}

function bump(counts: Record<string, number>, name: string, by: number): void {
  counts[name] = (counts[name] ?? 0) + by;
}
