import { UserError } from './errors.ts';
import type { Deadline, Halt, Tolerance } from './options.ts';

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};
const DURATIONS = 'a number with a unit, such as 500ms, 2s, 10m, 1h or 1h30m';
const SIZES = 'a number with a unit, such as 512MB or 2GiB';
/** Node's timers overflow beyond 2^31 - 1 ms and would fire at once. */
const LONGEST_MS = 24 * MS.d;

/** `500ms 2s 10m 1h 1h30m` in milliseconds. A plain number is refused, except 0; so is more than 24 days. */
export function parseDuration(text: string): number {
  const wanted = text.trim();
  if (wanted === '0') return 0;
  if (isNumber(wanted)) throw new UserError(`${quote(text)} has no unit`, { hint: `write ${DURATIONS}: ${wanted}s or ${wanted}ms` });
  const match = /^(?:([\d.]+)d)?(?:([\d.]+)h)?(?:([\d.]+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?$/i.exec(wanted);
  const parts = [MS.d, MS.h, MS.m, MS.s, MS.ms]
    .map((unit, at) => [match?.[at + 1], unit] as const)
    .filter(([digits]) => digits !== undefined);
  if (parts.length === 0 || !parts.every(([digits]) => isNumber(digits ?? ''))) {
    throw new UserError(`${quote(text)} is not a duration`, { hint: `write ${DURATIONS}` });
  }
  const ms = Math.round(parts.reduce((sum, [digits, unit]) => sum + Number(digits) * unit, 0));
  if (ms > LONGEST_MS) throw new UserError(`${quote(text)} is too long`, { hint: 'at most 24d is possible' });
  return ms;
}

/** `512MB 2GiB 1.5GB` in bytes: MB counts in thousands, MiB in 1,024s. */
export function parseSize(text: string): number {
  const wanted = text.trim();
  if (isNumber(wanted)) throw new UserError(`${quote(text)} has no unit`, { hint: `write ${SIZES}: ${wanted}MB` });
  const match = /^([\d.]+)\s*([kmgt]?i?b)$/i.exec(wanted);
  const unit = BYTES[(match?.[2] ?? '').toLowerCase()];
  const bytes = unit === undefined || !isNumber(match?.[1] ?? '') ? Number.NaN : Math.round(Number(match?.[1]) * unit);
  if (!Number.isSafeInteger(bytes)) throw new UserError(`${quote(text)} is not a size`, { hint: `write ${SIZES}` });
  if (bytes === 0) throw new UserError(`${quote(text)} is nothing`, { hint: `write ${SIZES}` });
  return bytes;
}

/** A whole number, at least `least`. */
export function parseInteger(text: string, least: number): number {
  const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  const hint = `write a whole number, ${least} or more`;
  if (Number.isNaN(value)) throw new UserError(`${quote(text)} is not a whole number`, { hint });
  if (value < least) throw new UserError(`${quote(text)} is too small`, { hint });
  if (!Number.isSafeInteger(value))
    throw new UserError(`${quote(text)} is too large`, { hint: `${hint}, at most ${Number.MAX_SAFE_INTEGER}` });
  return value;
}

/** An amount of money or the like: a number above 0, such as `2.50`. */
export function parseAmount(text: string): number {
  const value = isNumber(text.trim()) ? Number(text) : Number.NaN;
  if (value > 0 && Number.isFinite(value)) return value;
  throw new UserError(`${quote(text)} is not an amount`, { hint: 'write a number above 0, such as 2.50' });
}

/** An amount of failures: `5` or `2%` (of all items). */
export function parseTolerance(text: string): Tolerance {
  const hint = 'write a number of items such as 5, or a share of them such as 2%';
  const match = /^([\d.]+)\s*(%?)$/.exec(text.trim());
  const value = isNumber(match?.[1] ?? '') ? Number(match?.[1]) : Number.NaN;
  if (match?.[2] === '%' && value <= 100) return { percent: value };
  if (match?.[2] === '' && Number.isSafeInteger(value)) return { count: value };
  throw new UserError(`${quote(text)} is not an amount of failures`, { hint });
}

/** When to give up: `now,fail=3`, `soon,fail=10%`. */
export function parseHalt(text: string): Halt {
  const hint = 'write when and why, such as soon,fail=3 (start nothing new) or now,fail=10% (end everything)';
  const match = /^(now|soon),fail=(\S+)$/.exec(text.trim());
  if (!match) throw new UserError(`${quote(text)} does not say when to give up`, { hint });
  const fail = parseTolerance(match[2] ?? '');
  if (('count' in fail ? fail.count : fail.percent) === 0)
    throw new UserError(`${quote(text)} would give up before the first failure`, { hint });
  return { when: match[1] === 'now' ? 'now' : 'soon', fail };
}

/** When to be over: `2h` from the beginning, `17:30` on the clock, or `2026-11-22T17:30` (local time, or with an offset). */
export function parseDeadline(text: string): Deadline {
  const wanted = text.trim();
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(wanted) ?? [];
  if (Number(hours) < 24 && Number(minutes) < 60) return { clock: Number(hours) * 60 + Number(minutes) };
  const at = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(wanted) ? Date.parse(wanted) : Number.NaN;
  if (Number.isFinite(at)) return { at };
  if (/[:T]|\d-\d/.test(wanted))
    throw new UserError(`${quote(text)} is not a moment`, {
      hint: 'write a time such as 17:30 or 2026-11-22T17:30, or a duration such as 2h',
    });
  const after = parseDuration(text);
  if (after === 0) throw new UserError(`${quote(text)} leaves no time`, { hint: 'write a duration such as 2h, or a time such as 17:30' });
  return { after };
}

/** For people, to three digits or so: `850ms`, `47.1s`, `4m33s`, `1h02m`, `3d04h`. Read back by `parseDuration`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '?';
  if (Math.round(ms) < MS.s) return `${Math.round(ms)}ms`;
  // Rounded first, so that 59.96 s becomes 1m00s and not 60.0s.
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)}s`;
  const seconds = Math.round(ms / MS.s);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  const minutes = Math.round(ms / MS.m);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
  const hours = Math.round(ms / MS.h);
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

/** For people, in thousands: `512 B`, `1.5 kB`, `182 MB`, `2.1 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  // 999.5 would be printed as 1000.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** With separators of thousands: `1,234,567`. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

const isNumber = (text: string): boolean => /^(\d+(\.\d*)?|\.\d+)$/.test(text);
const quote = (text: string): string => JSON.stringify(text);
const two = (value: number): string => String(value).padStart(2, '0');
