/**
 * The strategy: enter when the 20-day mean rises above the 100-day mean while the close is above that of 60 days ago; leave when it falls below
 * again, or when the close is 15 % below its highest since the entry. A signal of one day is carried out at the close of the next.
 */
import * as stats from 'simple-statistics';
import { featuresAt, type Features } from './features.ts';
import { mean, rounded } from './figures.ts';
import type { Bar } from './bars.ts';

/** Trading days before the first signal: every feature has them behind it. */
const WARM_UP = 120;
const FAST = 20;
const SLOW = 100;
const TREND = 60;
const STOP = 0.15;
/** A daily step beyond this is a split or a consolidation of the stock, not the market: it is taken out of the prices before it. */
const SPLIT = 0.4;
/** Calendar days: later than this after the signal, nobody would still carry it out. */
const LATEST = 7;
const YEAR = 252;

/** An entry: the features known when it was decided, and what became of it. */
interface Entry extends Features {
  /** The day of the signal. */
  readonly date: string;
  /** Trading days that the position was held. */
  readonly held: number;
  /** After costs; null while it is open. */
  readonly return: number | null;
}

/** A row. Returns are shares: 0.1 is 10 %. */
export interface Result {
  readonly symbol: string;
  /** Annual Sharpe ratio of the strategy's daily returns, of all days; null without a trade. */
  readonly score: number | null;
  readonly totalReturn: number | null;
  readonly buyAndHold: number | null;
  readonly excessReturn: number | null;
  /** Of the closed trades; null without one. */
  readonly winRate: number | null;
  /** Closed ones. */
  readonly trades: number;
  /** Entries, the one that is still open included. */
  readonly positions: number;
  /** Entry signals that could be carried out: not where trade stood still or stopped. Null without a signal. */
  readonly executionRate: number | null;
  readonly days: number;
  readonly firstDate: string | null;
  readonly lastDate: string | null;
  readonly entries: readonly Entry[];
}

interface Position {
  readonly at: number;
  readonly price: number;
  readonly signal: number;
  highest: number;
}

/** `given`: oldest first. `cost`: each way, as a share. A stock with too few days has a row without trades. */
export function backTest(symbol: string, given: readonly Bar[], { cost }: { readonly cost: number }): Result {
  const bars = withoutSplits(given);
  const closes = bars.map(({ close }) => close);
  const entries: Entry[] = [];
  const daily: number[] = [];
  let [signals, executed] = [0, 0];
  let position: Position | undefined;
  const enter = (signal: number): void => {
    signals++;
    if (!canTrade(bars, signal)) return;
    executed++;
    position = { at: signal + 1, price: at(closes, signal + 1), signal, highest: at(closes, signal + 1) };
  };
  const record = ({ signal, at: since, price }: Position, until: number, isClosed: boolean): void => {
    const gain = (at(closes, until) / price) * (1 - cost) ** 2 - 1;
    entries.push({
      date: bars[signal]?.date ?? '',
      held: until - since,
      return: isClosed ? rounded(gain) : null,
      ...featuresAt(bars, closes, signal),
    });
  };
  for (let day = WARM_UP; day < closes.length; day++) {
    const held = position !== undefined && day > position.at;
    daily.push((held ? at(closes, day) / at(closes, day - 1) - 1 : 0) - (position?.at === day ? cost : 0));
    if (position) {
      if (day < position.at) continue;
      position.highest = Math.max(position.highest, at(closes, day));
      const isOver = mean(closes, day, FAST) < mean(closes, day, SLOW) || at(closes, day) < position.highest * (1 - STOP);
      if (!isOver || !canTrade(bars, day)) continue;
      daily.push((at(closes, day + 1) / at(closes, day)) * (1 - cost) - 1);
      record(position, ++day, true);
      position = undefined;
    } else if (crosses(closes, day) && day + 1 < closes.length) enter(day);
  }
  if (position) record(position, closes.length - 1, false);
  const returns = entries.flatMap((entry) => (entry.return === null ? [] : [entry.return]));
  const total = entries.length === 0 ? null : daily.reduce((value, step) => value * (1 + step), 1) - 1;
  const hold = closes.length > WARM_UP ? (at(closes, closes.length - 1) / at(closes, WARM_UP)) * (1 - cost) ** 2 - 1 : null;
  return {
    symbol,
    score: entries.length === 0 ? null : rounded(sharpe(daily)),
    totalReturn: rounded(total),
    buyAndHold: rounded(hold),
    excessReturn: rounded(total === null || hold === null ? null : total - hold),
    winRate: returns.length === 0 ? null : rounded(returns.filter((gain) => gain > 0).length / returns.length),
    trades: returns.length,
    positions: executed,
    executionRate: signals === 0 ? null : rounded(executed / signals),
    days: bars.length,
    firstDate: bars[0]?.date ?? null,
    lastDate: bars.at(-1)?.date ?? null,
    entries,
  };
}

/** The fast mean rises above the slow one today, in a rising market. */
function crosses(closes: readonly number[], day: number): boolean {
  const wasAbove = mean(closes, day - 1, FAST) > mean(closes, day - 1, SLOW);
  return !wasAbove && mean(closes, day, FAST) > mean(closes, day, SLOW) && at(closes, day) > at(closes, day - TREND);
}

/** Whether an order of the evening of `day` is carried out on the next: it is traded then, and soon. */
function canTrade(bars: readonly Bar[], day: number): boolean {
  const [today, next] = [bars[day], bars[day + 1]];
  if (!today || !next || next.volume === 0) return false;
  return Date.parse(next.date) - Date.parse(today.date) <= LATEST * 86_400_000;
}

/** Prices and volumes as if every split had taken place before the first day; the newest stay as they are. */
function withoutSplits(bars: readonly Bar[]): readonly Bar[] {
  let factor = 1;
  return bars
    .toReversed()
    .map((bar, index, reversed) => {
      const after = reversed[index - 1];
      const step = after ? after.close / bar.close : 1;
      if (Math.abs(step - 1) > SPLIT) factor *= step;
      return { ...bar, close: bar.close * factor, volume: bar.volume === undefined ? undefined : bar.volume / factor };
    })
    .toReversed();
}

function sharpe(daily: readonly number[]): number {
  const deviation = daily.length < 2 ? 0 : stats.standardDeviation([...daily]);
  return deviation === 0 ? 0 : (stats.mean([...daily]) / deviation) * Math.sqrt(YEAR);
}

const at = (values: readonly number[], index: number): number => values[index] ?? Number.NaN;
