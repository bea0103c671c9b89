/** Looks a header up, whatever holds them; names in lower case. */
export type HeaderOf = (name: string) => string | undefined;

/** Seconds since 1970 begin here: a smaller number of a reset header is a number of seconds from now. */
const EPOCH = 1e9;

/**
 * How long a server asks to be left alone, in milliseconds from `now` (ms since 1970); `undefined` when it does not say. In this order:
 * `retry-after-ms`, `Retry-After` (seconds or a date), the reset headers of what is used up, `RetryInfo` in the body, "try again in 120ms".
 */
export function retryAfter(header: HeaderOf, text: string, now: number): number | undefined {
  return (
    numberOf(header('retry-after-ms')) ??
    secondsOrDate(header('retry-after'), now) ??
    resetOf(header, now) ??
    pauseOf(/"retryDelay"\s*:\s*"([\d.]+m?s)"/.exec(text)?.[1]) ??
    pauseOf(/(?:try again|retry) in ((?:[\d.]+\s?(?:ms|[hms])(?![a-z]))+)/i.exec(text)?.[1]?.replaceAll(' ', ''))
  );
}

function secondsOrDate(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const seconds = numberOf(text);
  if (seconds !== undefined) return seconds * 1000;
  // `Date.parse` takes -1 for a year.
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** `x-ratelimit-reset-requests: 6m0s`, `x-ratelimit-reset: 1732233600`, `ratelimit-reset: 30`: of those that are used up, else of all, the latest. */
function resetOf(header: HeaderOf, now: number): number | undefined {
  const found = ['requests', 'tokens', ''].flatMap((what) => {
    const suffix = what === '' ? '' : `-${what}`;
    const reset = header(`x-ratelimit-reset${suffix}`) ?? (what === '' ? header('ratelimit-reset') : undefined);
    const ms = reset === undefined ? undefined : momentOf(reset.trim(), now);
    const left = header(`x-ratelimit-remaining${suffix}`) ?? (what === '' ? header('ratelimit-remaining') : undefined);
    return ms === undefined ? [] : [{ ms, isUsedUp: numberOf(left) === 0 }];
  });
  const usedUp = found.filter(({ isUsedUp }) => isUsedUp);
  const counted = usedUp.length > 0 ? usedUp : found;
  return counted.length === 0 ? undefined : Math.max(...counted.map(({ ms }) => ms));
}

function momentOf(text: string, now: number): number | undefined {
  const number = numberOf(text);
  if (number === undefined) return pauseOf(text) ?? secondsOrDate(text, now);
  if (number > EPOCH * 1000) return Math.max(0, number - now);
  return number > EPOCH ? Math.max(0, number * 1000 - now) : number * 1000;
}

/** `120ms`, `6m0s`, `34.07s` */
function pauseOf(text: string | undefined): number | undefined {
  const match = text === undefined ? null : /^(?:([\d.]+)h)?(?:([\d.]+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?$/i.exec(text);
  if (!match || text === '') return undefined;
  const [hours, minutes, seconds, ms] = [1, 2, 3, 4].map((at) => Number(match[at] ?? 0));
  const sum = (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000 + (ms ?? 0);
  return Number.isFinite(sum) ? sum : undefined;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}
