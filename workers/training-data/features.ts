/** What was known about a stock on the day of a signal: nothing here looks at a later day. */
import * as stats from 'simple-statistics';
import { mean, rounded } from './figures.ts';
import type { Bar } from './bars.ts';

/** Returns and distances are shares; all over trading days. Null where a value does not exist, such as a ratio of volumes without volumes. */
export interface Features {
  readonly return20: number;
  readonly return60: number;
  readonly return120: number;
  /** Daily, of 20 days. */
  readonly volatility20: number;
  readonly volatility60: number;
  /** Relative strength index of 14 days (Wilder, 1978; with plain means), 0 to 100. */
  readonly rsi14: number;
  /** Of the close among the last 20, in deviations. */
  readonly zScore20: number;
  readonly distanceToMean100: number;
  /** Below the highest close of 120 days; 0 or less. */
  readonly drawdown120: number;
  /** Volume of the last 5 days over that of the last 60. */
  readonly volumeRatio: number | null;
}

/** `day`: position of the signal's day, at least 120. `closes`: those of `bars`, which are without splits. */
export function featuresAt(bars: readonly Bar[], closes: readonly number[], day: number): Features {
  const close = closes[day] ?? Number.NaN;
  const change = (days: number): number => rounded(close / (closes[day - days] ?? Number.NaN) - 1);
  const steps = closes.slice(day - 60, day).map((value, index) => (closes[day - 59 + index] ?? Number.NaN) / value - 1);
  const last20 = closes.slice(day - 19, day + 1);
  const spread = stats.standardDeviation(last20);
  const volumes = bars.slice(day - 59, day + 1).map(({ volume }) => volume);
  const known = volumes.filter((volume) => volume !== undefined);
  const usual = known.length < 60 ? 0 : stats.mean(known);
  return {
    return20: change(20),
    return60: change(60),
    return120: change(120),
    volatility20: rounded(stats.standardDeviation(steps.slice(-20))),
    volatility60: rounded(stats.standardDeviation(steps)),
    rsi14: rounded(relativeStrength(steps.slice(-14))),
    zScore20: rounded(spread === 0 ? 0 : (close - stats.mean(last20)) / spread),
    distanceToMean100: rounded(close / mean(closes, day, 100) - 1),
    drawdown120: rounded(close / stats.max(closes.slice(day - 119, day + 1)) - 1),
    volumeRatio: usual === 0 ? null : rounded(stats.mean(known.slice(-5)) / usual),
  };
}

function relativeStrength(steps: readonly number[]): number {
  const rise = stats.sum(steps.map((step) => Math.max(step, 0)));
  const fall = stats.sum(steps.map((step) => Math.max(-step, 0)));
  return rise + fall === 0 ? 50 : (100 * rise) / (rise + fall);
}
