import type { Bars } from './bars.ts';
import type { Series } from './indicators.ts';
import type { Directions } from './signals.ts';

/** What a broker asks for and allows. Money is in the price's currency. */
export interface Terms {
  readonly capital: number;
  readonly unitsPerLot: number;
  /** Of each order, however large. */
  readonly orderFee: number;
  /** What a fill is worse than bid or ask, in hundredths of a percent. */
  readonly slippageBps: number;
  /** No position is opened that is worth more than so many times the equity. */
  readonly maxLeverage: number;
}

/** A position from its first fill to its last. */
interface Trade {
  /** Bar of the fill. */
  readonly opened: number;
  readonly closed: number;
  /** Units, negative for a short position. */
  readonly units: number;
  /** After all costs. */
  readonly profit: number;
}

/** What became of the account. */
export interface Account {
  /** At the close of each bar. */
  readonly equity: Float64Array;
  readonly trades: readonly Trade[];
  /** Fees, half spreads and slippage. */
  readonly costs: number;
  /** Positions that the broker closed, as they had become too large for the equity. */
  readonly marginCalls: number;
}

/** A strategy as the account sees it. */
export interface Orders {
  /** What to hold from the open after each bar. */
  readonly directions: Directions;
  /** Distance of the trailing stop by what is known at each bar's close. */
  readonly stopDistance?: Series;
  readonly lots: number;
}

/** The broker closes a position that is worth more than this many times the equity. */
const MARGIN_CALL = 10;

/**
 * Trades bar by bar: what a close decides is done at the next open, at bid or ask and worse by the slippage. A stop that is known before a
 * bar begins is filled within it, at its level or, where the bar opens beyond it, at the open; after it, nothing is entered until the
 * direction changes. The last position is closed at the last close.
 */
export function simulate(bars: Bars, { directions, stopDistance, lots }: Orders, terms: Terms): Account {
  const account = new Trading(bars, terms);
  const last = bars.close.length - 1;
  let stopped = 0;
  let level = Number.NaN;
  let mustClose = false;
  for (let t = 1; t <= last; t++) {
    const [open, close] = [at(bars.open, t), at(bars.close, t)];
    const wanted = directions[t - 1] ?? 0;
    if (wanted !== stopped) stopped = 0;
    const target = mustClose || wanted === stopped ? 0 : wanted;
    mustClose = false;
    if (target !== account.direction) {
      account.close(t, open);
      account.open(t, { price: open, direction: target, lots });
      level = stopDistance ? open - target * at(stopDistance, t - 1) : Number.NaN;
    }
    const { direction } = account;
    // A level that is NaN is never reached.
    if (direction > 0 ? at(bars.low, t) <= level : direction < 0 && at(bars.high, t) >= level) {
      account.close(t, direction > 0 ? Math.min(open, level) : Math.max(open, level));
      stopped = direction;
    }
    if (t === last) account.close(t, close);
    account.mark(t, close);
    if (account.direction === 0) continue;
    if (account.leverage(close) > MARGIN_CALL) {
      mustClose = true;
      account.marginCalls++;
    }
    if (stopDistance) {
      const trailed = close - account.direction * at(stopDistance, t);
      if (!(account.direction * (trailed - level) <= 0)) level = trailed;
    }
  }
  return account;
}

/** Cash and the one position. */
class Trading implements Account {
  readonly equity: Float64Array;
  readonly trades: Trade[] = [];
  costs = 0;
  marginCalls = 0;
  readonly #bars: Bars;
  readonly #terms: Terms;
  #cash: number;
  #units = 0;
  #opened = 0;
  #cashBefore = 0;

  constructor(bars: Bars, terms: Terms) {
    this.#bars = bars;
    this.#terms = terms;
    this.#cash = terms.capital;
    this.equity = new Float64Array(bars.close.length).fill(terms.capital);
  }

  /** Of the position: 1, -1, or 0 without one. */
  get direction(): number {
    return Math.sign(this.#units);
  }

  /** Whole lots, as many as are asked for and the leverage allows; none, and no position, where that is less than one. */
  open(t: number, { price, direction, lots }: { readonly price: number; readonly direction: number; readonly lots: number }): void {
    const { unitsPerLot, maxLeverage } = this.#terms;
    const affordable = Math.floor((maxLeverage * this.#cash) / (price * unitsPerLot));
    const units = direction * Math.min(lots, affordable) * unitsPerLot;
    if (direction === 0 || affordable < 1) return;
    this.#opened = t;
    this.#cashBefore = this.#cash;
    this.#fill(t, price, units);
  }

  /** Nothing happens without a position. */
  close(t: number, price: number): void {
    if (this.#units === 0) return;
    const units = this.#units;
    this.#fill(t, price, -units);
    this.trades.push({ opened: this.#opened, closed: t, units, profit: this.#cash - this.#cashBefore });
  }

  mark(t: number, price: number): void {
    // An account below zero owes nothing here, and can do nothing any more.
    this.equity[t] = Math.max(0, this.#cash + this.#units * price);
  }

  leverage(price: number): number {
    const equity = this.#cash + this.#units * price;
    return equity > 0 ? Math.abs(this.#units * price) / equity : Infinity;
  }

  #fill(t: number, price: number, units: number): void {
    const { orderFee, slippageBps } = this.#terms;
    const cost = orderFee + Math.abs(units) * (at(this.#bars.halfSpread, t) + (price * slippageBps) / 10_000);
    this.#cash -= units * price + cost;
    this.#units += units;
    this.costs += cost;
  }
}

const at = (series: Series, t: number): number => series[t] ?? Number.NaN;
