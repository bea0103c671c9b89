/** What back-test and features both compute with. */

/** Of the last `count` closes, `day` included. */
export function mean(closes: readonly number[], day: number, count: number): number {
  let sum = 0;
  for (let index = day - count + 1; index <= day; index++) sum += closes[index] ?? Number.NaN;
  return sum / count;
}

/** Six decimals, never -0. */
export function rounded(value: number): number;
export function rounded(value: number | null): number | null;
export function rounded(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Math.round(value * 1e6) / 1e6 + 0;
}
