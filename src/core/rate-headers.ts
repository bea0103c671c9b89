/** Looks a header up, by any spelling of its name; names are asked for in lower case. */
export type HeaderOf = (name: string) => string | undefined;

/** More seconds than this are no duration but a date (seconds since 1970, or milliseconds). */
const A_DATE = 1e9;

/** No pause is longer (ms): a header that asks for more is more likely to mean something else. */
const LONGEST = 86_400_000;
const atMost = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.min(ms, LONGEST));

/** What remains of a limit, and when it is reset. */
const FAMILIES: readonly (readonly [remaining: string, reset: string])[] = [
  ['x-ratelimit-remaining', 'x-ratelimit-reset'],
  ['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
  ['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
  ['ratelimit-remaining', 'ratelimit-reset'],
  ['anthropic-ratelimit-requests-remaining', 'anthropic-ratelimit-requests-reset'],
  ['anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-reset'],
];

/**
 * For how long (ms) an answer wants no more calls: what it asks for, if it is no success, or else the time until what is used up is reset.
 * `now`: milliseconds since 1970.
 */
export function pauseOf(header: HeaderOf, status: number | undefined, now: number): number | undefined {
  return atMost(pauseAsked(header, status, now));
}

function pauseAsked(header: HeaderOf, status: number | undefined, now: number): number | undefined {
  const ms = numberOf(header('retry-after-ms'));
  if (ms !== undefined) return ms;
  const isRefused = status === undefined || status === 429 || status >= 500;
  return (isRefused ? secondsOrDate(header('retry-after'), now) : undefined) ?? usedUpUntil(header, now);
}

/**
 * How long a server that has refused a call asks to be left alone, in milliseconds from `now` (ms since 1970); `undefined` when it does not
 * say. In this order: `retry-after-ms`, `Retry-After` (seconds or a date), the reset headers of what is used up, or else of everything,
 * `RetryInfo` in the body, "try again in 120ms".
 */
export function retryAfter(header: HeaderOf, text: string, now: number): number | undefined {
  return atMost(
    pauseAsked(header, undefined, now) ??
      latest(resets(header, now).map(({ ms }) => ms)) ??
      spanOf(/"retryDelay"\s*:\s*"([\d.]+m?s)"/.exec(text)?.[1]) ??
      spanOf(/(?:try again|retry) in ((?:[\d.]+\s?(?:ms|[hms])(?![a-z]))+)/i.exec(text)?.[1]?.replaceAll(' ', '')),
  );
}

const usedUpUntil = (header: HeaderOf, now: number): number | undefined =>
  latest(resets(header, now).flatMap(({ ms, left }) => (left !== undefined && left <= 0 ? [ms] : [])));

const latest = (all: readonly number[]): number | undefined => (all.length === 0 ? undefined : Math.max(...all));

function resets(header: HeaderOf, now: number): { readonly ms: number; readonly left: number | undefined }[] {
  return FAMILIES.flatMap(([remaining, reset]) => {
    const ms = momentOf(header(reset)?.trim(), now);
    return ms === undefined ? [] : [{ ms, left: numberOf(header(remaining)) }];
  });
}

/** `30`, `1700000000`, `6m0s`, `120ms`, `2026-11-22T03:00:00Z` as milliseconds from now. */
function momentOf(text: string | undefined, now: number): number | undefined {
  const number = numberOf(text);
  if (number === undefined) return spanOf(text) ?? secondsOrDate(text, now);
  if (number < A_DATE) return number * 1000;
  return Math.max(0, (number < A_DATE * 1000 ? number * 1000 : number) - now);
}

function secondsOrDate(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const seconds = numberOf(text);
  if (seconds !== undefined) return seconds * 1000;
  // `Date.parse` takes -1 for a year.
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** `120ms`, `6m0s`, `34.07s`, `1d2h`; `undefined` for anything else. */
function spanOf(text: string | undefined): number | undefined {
  const match = /^(?:([\d.]+)d)?(?:([\d.]+)h)?(?:([\d.]+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?$/i.exec(text ?? '');
  if (!match?.[0]) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0, ms = 0] = match.slice(1).map((part) => Number(part ?? 0));
  const sum = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms;
  return Number.isFinite(sum) ? sum : undefined;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}
