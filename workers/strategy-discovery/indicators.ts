/**
 * The textbook indicators that the strategies are made of. Each gives one number for each bar, which depends on that bar and those before it
 * only; NaN as long as there are too few, and every comparison with NaN is false.
 */

/** One number for each bar. */
export type Series = Float64Array;

/** Simple moving average. */
export function sma(values: Series, length: number): Series {
  const result = new Float64Array(values.length).fill(Number.NaN);
  let sum = 0;
  for (let t = 0; t < values.length; t++) {
    sum += values[t] ?? 0;
    if (t >= length) sum -= values[t - length] ?? 0;
    if (t >= length - 1) result[t] = sum / length;
  }
  return result;
}

/** Exponential moving average, `2 / (length + 1)` of it the newest value; begins with the mean of the first `length` known ones. */
export function ema(values: Series, length: number): Series {
  return smoothed(values, length, 2 / (length + 1));
}

/** Standard deviation of the last `length` values, as Bollinger has it: over `length`, not one less. */
export function deviation(values: Series, length: number): Series {
  const means = sma(values, length);
  return means.map((mean, t) => {
    if (t < length - 1) return Number.NaN;
    let sum = 0;
    for (let s = t - length + 1; s <= t; s++) sum += ((values[s] ?? 0) - mean) ** 2;
    return Math.sqrt(sum / length);
  });
}

/** Relative strength index, 0 to 100 (J. W. Wilder, New Concepts in Technical Trading Systems, 1978). */
export function rsi(closes: Series, length: number): Series {
  const change = (t: number): number => (t === 0 ? Number.NaN : (closes[t] ?? 0) - (closes[t - 1] ?? 0));
  const ups = smoothed(
    closes.map((_, t) => Math.max(change(t), 0)),
    length,
    1 / length,
  );
  const downs = smoothed(
    closes.map((_, t) => Math.max(-change(t), 0)),
    length,
    1 / length,
  );
  return ups.map((up, t) => {
    const down = downs[t] ?? Number.NaN;
    return up + down === 0 ? 50 : (100 * up) / (up + down);
  });
}

/** Average true range (Wilder 1978). */
export function atr({ high, low, close }: { readonly high: Series; readonly low: Series; readonly close: Series }, length: number): Series {
  const ranges = high.map((top, t) => {
    const [bottom, before] = [low[t] ?? 0, close[t - 1] ?? close[0] ?? 0];
    return t === 0 ? top - bottom : Math.max(top, before) - Math.min(bottom, before);
  });
  return smoothed(ranges, length, 1 / length);
}

/** The highest of the `length` values *before* each bar, its own not among them. */
export function highestBefore(values: Series, length: number): Series {
  return extremeBefore(values, length, 1);
}

/** The lowest of the `length` values before each bar. */
export function lowestBefore(values: Series, length: number): Series {
  return extremeBefore(values, length, -1);
}

function smoothed(values: Series, length: number, weight: number): Series {
  const result = new Float64Array(values.length).fill(Number.NaN);
  let known = 0;
  let sum = 0;
  for (let t = 0; t < values.length; t++) {
    const value = values[t] ?? 0;
    if (Number.isNaN(value)) continue;
    known++;
    if (known <= length) sum += value;
    if (known === length) result[t] = sum / length;
    if (known > length) {
      const before = result[t - 1] ?? 0;
      result[t] = before + weight * (value - before);
    }
  }
  return result;
}

/** A queue of positions whose values only get worse: its head is the extreme of the window. */
function extremeBefore(values: Series, length: number, sign: 1 | -1): Series {
  const result = new Float64Array(values.length).fill(Number.NaN);
  const queue = new Int32Array(values.length);
  let [head, tail] = [0, 0];
  const at = (position: number): number => sign * (values[position] ?? 0);
  for (let t = 0; t < values.length; t++) {
    while (head < tail && (queue[head] ?? 0) < t - length) head++;
    if (t >= length) result[t] = sign * at(queue[head] ?? 0);
    while (head < tail && at(queue[tail - 1] ?? 0) <= at(t)) tail--;
    queue[tail++] = t;
  }
  return result;
}
