import type { Halt, Tolerance } from './options.ts';

/** True once so many items have failed that the rule applies. Percentages are of all items of the run. */
export function halts(rule: Halt, failed: number, total: number): boolean {
  return 'count' in rule.fail ? failed >= rule.fail.count : total > 0 && percentOf(failed, total) >= rule.fail.percent;
}

/** True when the failures are within what the user tolerates. */
export function tolerates(tolerance: Tolerance, failed: number, total: number): boolean {
  return 'count' in tolerance ? failed <= tolerance.count : total === 0 || percentOf(failed, total) <= tolerance.percent;
}

/** Multiplied before it is divided: 7 of 100 are 7 %, and not 7.000000000000001 %. */
const percentOf = (part: number, whole: number): number => (part * 100) / whole;
