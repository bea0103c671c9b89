import { UserError } from './errors.ts';
import { parseDuration, parseInteger } from './quantities.ts';

/** At most so many requests or tokens in any window of this length (ms). A day is kept across runs. */
export interface RateLimit {
  readonly max: number;
  readonly windowMs: number;
  readonly unit: 'request' | 'token';
}

/** The limits of one budget. Without any, calls are only counted, and paused when the API says so. */
export interface BudgetSpec {
  readonly limits: readonly RateLimit[];
  /** Least time between two calls, in milliseconds. */
  readonly minDelay?: number;
  /** Calls at a time, over all children of this machine. */
  readonly maxInFlight?: number;
  /** Whether 429s lower the rate for a while. */
  readonly adaptive: boolean;
}

/** All budgets of a run: the part of each rate that is used, where they are shared over machines, and the budgets by name. */
export interface BudgetSettings {
  readonly share: number;
  readonly redis?: string;
  readonly named: Readonly<Record<string, BudgetSpec>>;
}

/** The budget that calls are charged to where they name none. */
export const DEFAULT_BUDGET = 'default';
/** The part of a rate that is used where nobody says otherwise: servers count on arrival, and some count what they reject. */
export const DEFAULT_SHARE = 0.95;
export const DAY = 86_400_000;

const UNITS: Readonly<Record<string, number>> = { s: 1000, min: 60_000, day: DAY };
const RATES = 'a whole number above 0 by second, minute or day, such as 8/s, 1000/min, 50/day or 90000tokens/min';

/** `8/s`, `1000/min`, `50/day`, `90000tokens/min`. */
export function parseRate(text: string): RateLimit {
  const match = /^([+-]?[\d.]+)\s*(tokens?)?\/(s|sec|second|m|min|minute|d|day)$/i.exec(text.trim());
  if (!match) throw new UserError(`${JSON.stringify(text)} is not a rate`, { hint: `write ${RATES}` });
  const word = (match[3] ?? '').toLowerCase();
  const windowMs = UNITS[word.startsWith('s') ? 's' : word.startsWith('m') ? 'min' : 'day'] ?? DAY;
  return { max: parseMost(match[1] ?? '', text), windowMs, unit: match[2] === undefined ? 'request' : 'token' };
}

function parseMost(digits: string, text: string): number {
  const max = Number(digits);
  if (Number.isSafeInteger(max) && max > 0) return max;
  const what = max <= 0 ? 'would allow nothing' : 'is not a whole number';
  throw new UserError(`${JSON.stringify(text)} ${what}`, { hint: `write ${RATES}` });
}

/** A budget on the command line: `gemini:8/s,1000/min,delay=50ms,in-flight=4,adaptive=off`. */
export function parseBudget(text: string): { readonly name: string; readonly spec: BudgetSpec } {
  const hint = 'write NAME:LIMITS, such as gemini:8/s,1000/min,delay=50ms,in-flight=4, or redis://HOST:PORT';
  const match = /^([\w.-]+):(.*)$/.exec(text.trim());
  if (!match) throw new UserError(`${JSON.stringify(text)} is not a budget`, { hint });
  const [, name = '', list = ''] = match;
  let spec: BudgetSpec = { limits: [], adaptive: true };
  for (const part of list.split(',').filter((entry) => entry.trim() !== '')) {
    const [word, value = ''] = part.trim().split('=');
    if (word === 'delay') spec = { ...spec, minDelay: parseDelay(value) };
    else if (word === 'in-flight') spec = { ...spec, maxInFlight: parseInteger(value, 1) };
    else if (word === 'adaptive' && (value === 'on' || value === 'off')) spec = { ...spec, adaptive: value === 'on' };
    else if (value === '') spec = { ...spec, limits: [...spec.limits, parseRate(part)] };
    else throw new UserError(`${JSON.stringify(part)} is no limit of a budget`, { hint });
  }
  return { name, spec };
}

/** A least time between two calls, above 0. */
export function parseDelay(text: string): number {
  const ms = parseDuration(text);
  if (ms > 0) return ms;
  throw new UserError(`${JSON.stringify(text)} is no delay`, { hint: 'give a duration above 0, such as 50ms' });
}

/** Whether a `--budget` says where budgets are shared, not what one is. */
export const isRedisUrl = (text: string): boolean => /^(rediss?|unix):/i.test(text.trim());

/** The part of a rate to leave unused, as a share of it: `5%`. */
export function parseHeadroom(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim());
  const percent = match ? Number(match[1]) : Number.NaN;
  if (percent < 90) return percent / 100;
  throw new UserError(`${JSON.stringify(text)} is no headroom`, {
    hint: 'write the part of every rate to leave unused, such as 5%; at most 89%',
  });
}
