/** Reads one header, by any spelling of its name. */
type Read = (name: string) => string | undefined;

/**
 * For how long (ms) an answer wants no more calls: `retry-after-ms`, `Retry-After` in seconds or as a date, or, where nothing remains of a
 * limit, the time until it is reset (`x-ratelimit-*`, `ratelimit-*`, `anthropic-ratelimit-*`). `now`: milliseconds since 1970.
 */
export function pauseOf(read: Read, status: number | undefined, now: number): number | undefined {
  const ms = number(read('retry-after-ms'));
  if (ms !== undefined) return ms;
  const after = read('retry-after');
  if (after !== undefined && (status === undefined || status === 429 || status >= 500)) {
    const seconds = number(after);
    if (seconds !== undefined) return seconds * 1000;
    const date = Date.parse(after);
    if (!Number.isNaN(date)) return Math.max(0, date - now);
  }
  const resets = FAMILIES.flatMap(([remaining, reset]) => {
    const left = number(read(remaining));
    const text = read(reset);
    return left !== undefined && left <= 0 && text !== undefined ? [resetMs(text, now)] : [];
  }).filter((value) => value !== undefined);
  return resets.length === 0 ? undefined : Math.max(...resets);
}

const FAMILIES: readonly (readonly [remaining: string, reset: string])[] = [
  ['x-ratelimit-remaining', 'x-ratelimit-reset'],
  ['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
  ['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
  ['ratelimit-remaining', 'ratelimit-reset'],
  ['anthropic-ratelimit-requests-remaining', 'anthropic-ratelimit-requests-reset'],
  ['anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-reset'],
];

/** More seconds than this are no duration but a date (seconds since 1970, or milliseconds). */
const A_DATE = 1e9;

/** `30`, `1700000000`, `6m0s`, `120ms`, `2026-11-22T03:00:00Z` as milliseconds from now. */
function resetMs(text: string, now: number): number | undefined {
  const plain = number(text);
  if (plain !== undefined) return plain < A_DATE ? plain * 1000 : Math.max(0, (plain < A_DATE * 1000 ? plain * 1000 : plain) - now);
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?$/.exec(text.trim());
  if (match?.[0]) {
    const [, days = 0, hours = 0, minutes = 0, seconds = 0, ms = 0] = match;
    return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(ms);
  }
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const number = (text: string | undefined): number | undefined =>
  text !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
