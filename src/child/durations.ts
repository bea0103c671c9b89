import { parseDuration } from '../core/quantities.ts';

/** Milliseconds, given as such or as a text such as `30s`. Throws a TypeError that names the option. */
export function durationOf(given: number | string, name: string): number {
  if (typeof given === 'string') return parseDuration(given);
  if (!Number.isFinite(given) || given < 0) throw new TypeError(`${name}: ${given} is not a number of milliseconds`);
  return given;
}
