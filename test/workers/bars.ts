import { Draws } from '../../workers/shared/draws.ts';
import type { Bars } from '../../workers/strategy-discovery/bars.ts';

/** Bars of open, high, low and close, without a spread. */
export function barsOf(rows: readonly (readonly number[])[]): Bars {
  const column = (at: number): Float64Array => Float64Array.from(rows, (row) => row[at] ?? Number.NaN);
  return {
    first: '',
    last: '',
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    halfSpread: new Float64Array(rows.length),
    barsPerYear: 250,
  };
}

/** A random walk with gaps. */
export function walkOf(length: number): Bars {
  const draws = new Draws(7, 'walk');
  let price = 100;
  return barsOf(
    Array.from({ length }, () => {
      const open = price * (1 + 0.005 * draws.normal());
      const close = (price = open * (1 + 0.012 * draws.normal()));
      return [open, Math.max(open, close) * (1 + 0.01 * draws.uniform()), Math.min(open, close) * (1 - 0.01 * draws.uniform()), close];
    }),
  );
}

/** Another future after a bar. */
export function distorted(bars: Bars, last: number, seed: number): Bars {
  const draws = new Draws(seed, 'future');
  const factors = bars.open.map((_, t) => (t <= last ? 1 : 0.5 + draws.uniform()));
  const times = (series: Float64Array): Float64Array => series.map((value, t) => value * (factors[t] ?? 1));
  return { ...bars, open: times(bars.open), high: times(bars.high), low: times(bars.low), close: times(bars.close) };
}
