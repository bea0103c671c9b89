import * as stats from 'simple-statistics';
import type { History, Series } from './history.ts';

/** Sessions that every feature may look back on, the date's own among them. */
export const LOOK_BACK = 61;

/** What is known about one symbol after one session. It ends with that session: no feature can look ahead. */
export interface Known {
  readonly past: History;
  /** The mean step of all chosen symbols, over the same sessions. */
  readonly market: Series;
  /** What all chosen symbols have on the date, ascending. */
  readonly peers: Peers;
}

/** Values of all chosen symbols, each ascending. */
export type Peers = Readonly<Record<'unusualDelivery' | 'accumulation' | 'return', Series>>;

/** Those features that are also ranked among the symbols. */
export const ranked = {
  unusualDelivery: ({ share }: History) => unusual(share, 20),
  accumulation: ({ steps, delivered }: History) => accumulation(steps.slice(-20), delivered.slice(-20)),
  return: ({ steps }: History) => stats.sum(steps.slice(-20)),
} satisfies Record<keyof Peers, (past: History) => number>;

/** The columns of the model's input, in this order. `20d` is a number of sessions. */
export const features = {
  return1d: ({ past }) => at(past.steps, -1),
  return5d: ({ past }) => total(past.steps.slice(-5)),
  return20d: ({ past }) => ranked.return(past),
  return60d: ({ past }) => total(past.steps.slice(-60)),
  volatility20d: ({ past }) => deviation(past.steps.slice(-20)),
  highDistance60d: ({ past }) => at(past.close, -1) - Math.max(...past.high.slice(-60)),
  closeLocation: ({ past }) => location(past, past.close.length - 1),
  // How much is delivered rather than sold again on the day: who buys it wants to keep it.
  deliveryShare: ({ past }) => at(past.share, -1),
  deliveryShareZ20d: ({ past }) => ranked.unusualDelivery(past),
  deliveryShareZ60d: ({ past }) => unusual(past.share, 60),
  deliveryTrend: ({ past }) => mean(past.share.slice(-5)) - mean(past.share.slice(-60)),
  deliveredValueZ20d: ({ past }) => unusual(past.delivered.map(Math.log), 20),
  turnoverZ20d: ({ past }) => unusual(past.turnover.map(Math.log), 20),
  tradeSizeZ20d: ({ past }) => unusual(past.tradeSize.map(Math.log), 20),
  // Where the price went on the days on which much was delivered.
  deliveryReturn5d: ({ past }) => weighted(past.steps.slice(-5), past.delivered.slice(-5)),
  deliveryReturn20d: ({ past }) => weighted(past.steps.slice(-20), past.delivered.slice(-20)),
  accumulation20d: ({ past }) => ranked.accumulation(past),
  accumulation60d: ({ past }) => accumulation(past.steps.slice(-60), past.delivered.slice(-60)),
  upDeliveryExcess20d: ({ past }) => upExcess(past.steps.slice(-20), past.share.slice(-20)),
  accumulationDays20d: ({ past }) => heavyDays(past),
  deliveryLocation20d: ({ past }) => weighted(locations(past).slice(-20), past.delivered.slice(-20)),
  // What those who took delivery have paid, against the price of today.
  costDistance20d: ({ past }) => at(past.close, -1) - weighted(past.vwap.slice(-20), past.delivered.slice(-20)),
  costDistance60d: ({ past }) => at(past.close, -1) - weighted(past.vwap.slice(-60), past.delivered.slice(-60)),
  shareReturnCorrelation20d: ({ past }) => stats.sampleCorrelation(past.steps.slice(-20), past.share.slice(-20)),
  marketReturn20d: ({ market }) => total(market.slice(-20)),
  beta60d: ({ past, market }) => {
    return stats.sampleCovariance(past.steps.slice(-60), market.slice(-60)) / stats.sampleVariance(market.slice(-60));
  },
  rankUnusualDelivery: ({ past, peers }) => rank(peers.unusualDelivery, ranked.unusualDelivery(past)),
  rankAccumulation20d: ({ past, peers }) => rank(peers.accumulation, ranked.accumulation(past)),
  rankReturn20d: ({ past, peers }) => rank(peers.return, ranked.return(past)),
  // Gathered while the price fell, or given away while it rose.
  divergence20d: ({ past, peers }) => rank(peers.accumulation, ranked.accumulation(past)) - rank(peers.return, ranked.return(past)),
} satisfies Record<string, (known: Known) => number>;

/** The last value against those before it, in their standard deviations. */
function unusual(values: Series, length: number): number {
  const before = values.slice(-1 - length, -1);
  return (at(values, -1) - mean(before)) / deviation(before);
}

/** From -1, all of it delivered on days that fell, to 1. */
function accumulation(steps: Series, delivered: Series): number {
  return weighted(steps.map(Math.sign), delivered);
}

/** The delivered part on days that rose, less that on days that fell; 0 where there was one kind of day only. */
function upExcess(steps: Series, share: Series): number {
  const of = (sign: number): Series => share.filter((_, day) => Math.sign(at(steps, day)) === sign);
  const [up, down] = [of(1), of(-1)];
  return up.length > 0 && down.length > 0 ? mean(up) - mean(down) : 0;
}

/** Of the last 20 days with an unusually high delivered part: those that rose, less those that fell. */
function heavyDays({ steps, share }: History): number {
  const limit = mean(share.slice(-60)) + deviation(share.slice(-60));
  return total(steps.slice(-20).map((step, day) => (at(share.slice(-20), day) > limit ? Math.sign(step) : 0)));
}

/** Where in the day's range it closed, 0 to 1. */
function location({ high, low, close }: History, day: number): number {
  const range = at(high, day) - at(low, day);
  return range > 0 ? (at(close, day) - at(low, day)) / range : 0.5;
}

function locations(past: History): Series {
  return past.close.map((_, day) => location(past, day));
}

function weighted(values: Series, weights: Series): number {
  return total(values.map((value, day) => value * at(weights, day))) / total(weights);
}

/** 0 to 1. */
function rank(sorted: Series, value: number): number {
  return stats.quantileRankSorted([...sorted], value);
}

const total = (values: Series): number => stats.sum([...values]);
const mean = (values: Series): number => stats.mean([...values]);
const deviation = (values: Series): number => stats.sampleStandardDeviation([...values]);

/** Negative positions count from the end. Throws where there is nothing, lest a feature silently becomes 0. */
function at(numbers: Series, position: number): number {
  const number = numbers.at(position);
  if (number === undefined) throw new RangeError(`position ${position} of ${numbers.length}: raise LOOK_BACK for a longer look back`);
  return number;
}
