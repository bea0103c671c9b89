import type { Bars } from './bars.ts';
import type { Family, Strategy } from './grid.ts';
import { atr, deviation, ema, highestBefore, lowestBefore, rsi, type Series, sma } from './indicators.ts';

/** For each bar, what its close says to hold from the next open on: 1 long, -1 short, 0 nothing. */
export type Directions = Int8Array;

/** Gives the directions of a family from its look-back and its setting. */
type Template = (bars: Bars, lookback: number, setting: number) => Directions;

const TEMPLATES: Readonly<Record<Family, Template>> = {
  'sma-cross': ({ close }, lookback, ratio) => above(sma(close, lookback), sma(close, lookback * ratio)),
  'macd-cross': ({ close }, lookback, signal) => {
    const slow = ema(close, Math.round((lookback * 26) / 12));
    const macd = ema(close, lookback).map((fast, t) => fast - at(slow, t));
    return above(macd, ema(macd, signal));
  },
  'rsi-reversal': ({ close }, lookback, threshold) => {
    const index = rsi(close, lookback);
    return held(close, {
      enter: (t) => side(at(index, t) < threshold, at(index, t) > 100 - threshold),
      leave: (t, direction) => direction * (at(index, t) - 50) >= 0,
    });
  },
  'bollinger-reversal': ({ close }, lookback, width) => {
    const [mean, spread] = [sma(close, lookback), deviation(close, lookback)];
    const distance = close.map((price, t) => price - at(mean, t));
    return held(close, {
      enter: (t) => side(at(distance, t) < -width * at(spread, t), at(distance, t) > width * at(spread, t)),
      leave: (t, direction) => direction * at(distance, t) >= 0,
    });
  },
  'donchian-breakout': ({ high, low, close }, lookback, share) => {
    const [top, bottom] = [highestBefore(high, lookback), lowestBefore(low, lookback)];
    const exit = Math.max(1, Math.round(lookback * share));
    const [exitTop, exitBottom] = [highestBefore(high, exit), lowestBefore(low, exit)];
    return held(close, {
      enter: (t) => side(at(close, t) > at(top, t), at(close, t) < at(bottom, t)),
      leave: (t, direction) => (direction > 0 ? at(close, t) < at(exitBottom, t) : at(close, t) > at(exitTop, t)),
    });
  },
  momentum: ({ close }, lookback, every) => {
    const directions = new Int8Array(close.length);
    for (let t = lookback; t < close.length; t++) {
      const isDue = (t - lookback) % every === 0;
      directions[t] = isDue ? Math.sign(at(close, t) - at(close, t - lookback)) : (directions[t - 1] ?? 0);
    }
    return directions;
  },
  'keltner-breakout': (bars, lookback, width) => {
    const [mean, range] = [ema(bars.close, lookback), atr(bars, lookback)];
    const distance = bars.close.map((price, t) => price - at(mean, t));
    return held(bars.close, {
      enter: (t) => side(at(distance, t) > width * at(range, t), at(distance, t) < -width * at(range, t)),
      leave: (t, direction) => direction * at(distance, t) <= 0,
    });
  },
};

/** Bars of the average that `filter: 'trend'` looks at. */
const TREND = 200;

/** What a strategy wants to hold after each bar, before its stop has a say. */
export function directionsOf(bars: Bars, { family, lookback, setting, side: sides, filter }: Strategy): Directions {
  const directions = TEMPLATES[family](bars, lookback, setting);
  const trend = filter === 'trend' ? above(bars.close, sma(bars.close, TREND)) : undefined;
  let before = 0;
  for (let t = 0; t < directions.length; t++) {
    const template = directions[t] ?? 0;
    const isAllowed = template > 0 || (template < 0 && sides === 'both');
    // Only an entry needs the trend: what is held is left when the template says so.
    const isEntry = template !== before;
    directions[t] = before = !isAllowed || (isEntry && trend && trend[t] !== template) ? 0 : template;
  }
  return directions;
}

/** 1 where the first is above the second, -1 where it is below. */
function above(first: Series, second: Series): Directions {
  return Int8Array.from(first, (value, t) => side(value > at(second, t), value < at(second, t)));
}

/** From an entry to its exit; turns round where one direction is left and the other entered at once. */
function held(
  bars: Series,
  { enter, leave }: { readonly enter: (t: number) => number; readonly leave: (t: number, direction: number) => boolean },
): Directions {
  let direction = 0;
  return Int8Array.from(bars, (_, t) => {
    if (direction !== 0 && leave(t, direction)) direction = 0;
    if (direction === 0) direction = enter(t);
    return direction;
  });
}

const side = (isLong: boolean, isShort: boolean): number => (isLong ? 1 : isShort ? -1 : 0);
const at = (series: Series, t: number): number => series[t] ?? Number.NaN;
