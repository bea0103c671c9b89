import { type BudgetSpec, DAY } from './budget-spec.ts';
import { formatCount, formatDuration } from './quantities.ts';

/** Below 70 % of the limit, up to 90 %, above. A run that is paced well is red by design; the alarm that counts is 429s. */
export type Light = 'green' | 'yellow' | 'red';

/** A budget as it stands; the last minute is a sliding window. */
export interface BudgetView {
  readonly name: string;
  /** Calls, and what limits them to how many a minute; null: nothing does. */
  readonly rpm: number;
  readonly rpmLimit: number | null;
  /** Tokens of the last minute, and their limit. */
  readonly tpm: number;
  readonly tpmLimit: number | null;
  /** Calls of the last 24 hours, and their limit; null where there is none. */
  readonly day: { readonly used: number; readonly limit: number } | null;
  /** Of whichever limit is nearest; of a limit by the second, over the last seconds. Null where nothing is limited. */
  readonly percent: number | null;
  readonly light: Light | null;
  /** 429s of the last minute. */
  readonly throttled: number;
  /** Milliseconds until the pause that the API has asked for is over; 0: there is none. */
  readonly pausedMs: number;
  /** When the next call may leave (ms since 1970), where the day's share is used up and that is a minute or more away. Else null. */
  readonly freeAt: number | null;
  readonly waiting: number;
  readonly inFlight: number;
  /** What keeps calls from leaving sooner; null: nothing does. */
  readonly limitedBy: 'rate' | 'pause' | 'in flight' | 'day' | null;
  /** The part of the rate that 429s have left. */
  readonly factor: number;
  readonly totals: BudgetTotals;
}

/** A wait that is longer (ms) is worth a word. */
export const LONG_WAIT = 60_000;

/** What a session has charged to a budget. */
export interface BudgetTotals {
  readonly calls: number;
  readonly tokens: number;
  readonly throttled: number;
  /** Summed over calls, in milliseconds. */
  readonly waitedMs: number;
  /** The most calls in a sliding minute. */
  readonly mostRpm: number;
}

/** Milliseconds over which a limit by the second is looked at. */
export const GLANCE = 5000;

/** The light of a share of the limit in percent. */
export const lightOf = (percent: number): Light => (percent < 70 ? 'green' : percent <= 90 ? 'yellow' : 'red');

/** How many of a unit a minute the limits allow at most. */
export function perMinute({ limits, minDelay }: BudgetSpec, unit: 'request' | 'token'): number | null {
  const rates = limits.filter((limit) => limit.unit === unit && limit.windowMs < DAY).map(({ max, windowMs }) => (max * 60_000) / windowMs);
  if (unit === 'request' && minDelay !== undefined) rates.push(60_000 / minDelay);
  return rates.length === 0 ? null : Math.min(...rates);
}

/** `2026-11-23 06:09 UTC`, of milliseconds since 1970; the minute after, or nobody could rely on it. */
export function formatMinute(at: number): string {
  return `${new Date(Math.ceil(at / 60_000) * 60_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `limited by API: 58/60 RPM`, `API 12/60 RPM (20 %, green)`, `gemini: paused for 12s, 429 × 3`. */
export function formatBudget(view: BudgetView): string {
  const { name, rpm, rpmLimit, tpm, tpmLimit, day, percent, throttled, pausedMs, freeAt, limitedBy } = view;
  const api = name === 'default' ? 'API' : name;
  const facts = [
    `${formatCount(rpm)}${rpmLimit === null ? '' : `/${formatCount(rpmLimit)}`} RPM`,
    ...(tpmLimit === null ? [] : [`${formatCount(tpm)}/${formatCount(tpmLimit)} TPM`]),
    ...(day === null ? [] : [`${formatCount(day.used)}/${formatCount(day.limit)} today`]),
  ].join(', ');
  const share = percent === null ? '' : ` (${Math.round(percent)} %, ${view.light})`;
  const more = [
    ...(pausedMs > 0 ? [`paused for ${formatDuration(pausedMs)}`] : []),
    ...(freeAt === null ? [] : [`no call before ${formatMinute(freeAt)}`]),
    ...(limitedBy === 'in flight' ? [`${formatCount(view.inFlight)} in flight`] : []),
    ...(throttled > 0 ? [`429 × ${formatCount(throttled)}`] : []),
  ];
  return [`${limitedBy === null ? api : `limited by ${api}:`} ${facts}${share}`, ...more].join(', ');
}
