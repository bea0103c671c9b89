import { Account } from './account.ts';
import { type Fill, Order, type Reason, type Side } from './order.ts';
import type { Terms } from './terms.ts';
import type { Tick } from './ticks.ts';

/** One of our fills, as it goes into the file of the security's trades. Sizes in the security's units, money in the price's currency. */
export type OwnTrade = {
  readonly time: Date;
  readonly side: 'buy' | 'sell';
  readonly price: number;
  readonly size: number;
  readonly reason: Reason;
  /** After it. */
  readonly position: number;
  readonly realised: number;
};

/** The best price of a side and the size there, 0 where it is not published. */
type Level = Pick<Tick, 'price' | 'size'>;

/** Of a lot: 0.3 / 0.1 is a hair less than 3. */
const HAIR = 1e-6;
const DAY = 86_400_000;
const SIDES = [1, -1] as const;

/**
 * Offers to buy at the best bid and to sell at the best ask, behind those who were there first. It decides anew whenever the clock moves on,
 * by the book as the last row of the earlier moment has left it: rows of one moment are one event, and nobody acts between them.
 */
export class MarketMaker {
  readonly account: Account;
  readonly trades: OwnTrade[] = [];
  /** Rows without a price, such as those before the opening. */
  skipped = 0;
  readonly #terms: Terms;
  readonly #levels = new Map<Side, Level>();
  readonly #orders = new Map<Side, Order>();
  /** When a side may be offered again. */
  readonly #readyAt = new Map<Side, number>();
  #now = -Infinity;

  constructor(terms: Terms) {
    this.#terms = terms;
    this.account = new Account({ unitsPerLot: terms.lot * terms.multiplier, feeBps: terms.feeBps });
  }

  /** The middle of the book as it was last whole; NaN before. */
  middle = Number.NaN;

  /** Our order on a side. */
  order(side: Side): Order | undefined {
    return this.#orders.get(side);
  }

  tick(tick: Tick): void {
    if (tick.price === 0) {
      this.skipped++;
      return;
    }
    if (tick.time > this.#now) this.#moveOn(tick.time);
    const { type, price, size } = tick;
    if (type === 'TRADE') for (const side of SIDES) this.#fill(side, this.#orders.get(side)?.traded(price, this.#reaching(size)));
    else this.#quote(type === 'BID' ? 1 : -1, { price, size });
  }

  #moveOn(time: number): void {
    // Nothing stays in the book over night.
    if (Math.floor(time / DAY) !== Math.floor(this.#now / DAY)) for (const kept of [this.#levels, this.#orders]) kept.clear();
    this.#now = time;
    const [bid, ask] = [this.#levels.get(1), this.#levels.get(-1)];
    const isWhole = bid !== undefined && ask !== undefined && bid.price < ask.price;
    for (const side of SIDES) {
      const level = this.#levels.get(side);
      const lots = isWhole && level ? this.#wanted(side, level) : 0;
      const order = this.#orders.get(side);
      if (lots === 0 || !level) this.#orders.delete(side);
      else if (order?.price === level.price) order.keep(lots);
      else this.#orders.set(side, new Order({ side, price: level.price, lots, ahead: this.#waiting(level.size) }));
    }
  }

  /** Lots to offer on a side: filled altogether, they do not bring the position over its limit. */
  #wanted(side: Side, { size }: Level): number {
    const { lot, quoteSize, maxPosition, minLevel } = this.#terms;
    if (this.#now < (this.#readyAt.get(side) ?? -Infinity) || size < minLevel) return 0;
    return Math.max(0, Math.min(toLots(quoteSize, lot), toLots(maxPosition, lot) - side * this.account.position));
  }

  #quote(side: Side, level: Level): void {
    this.#levels.set(side, level);
    this.#orders.get(side)?.own(level.price, this.#waiting(level.size));
    const opposite = side === 1 ? -1 : 1;
    this.#fill(opposite, this.#orders.get(opposite)?.other(level.price, this.#reaching(level.size)));
    const across = this.#levels.get(opposite);
    if (across && side * (across.price - level.price) > 0) this.middle = (across.price + level.price) / 2;
  }

  /** Lots of others that can fill us: what is less than a lot cannot. */
  #reaching(size: number): number | undefined {
    return size === 0 ? undefined : toLots(size, this.#terms.lot);
  }

  /** Lots of others that stand before us: one at least where anything is. */
  #waiting(size: number): number | undefined {
    return size === 0 ? undefined : Math.max(1, Math.ceil(size / this.#terms.lot - HAIR));
  }

  #fill(side: Side, fill: Fill | undefined): void {
    const order = this.#orders.get(side);
    if (!fill || !order) return;
    const { account } = this;
    account.fill(side, fill.lots, order.price);
    this.trades.push({
      time: new Date(this.#now),
      side: side === 1 ? 'buy' : 'sell',
      price: order.price,
      size: rounded(fill.lots * this.#terms.lot),
      reason: fill.reason,
      position: rounded(account.position * this.#terms.lot),
      realised: rounded(account.realised),
    });
    if (order.rest > 0) return;
    this.#orders.delete(side);
    this.#readyAt.set(side, this.#now + this.#terms.refillSeconds * 1_000);
  }
}

/** Whole lots, as many as fit. */
function toLots(size: number, lot: number): number {
  return Math.floor(size / lot + HAIR);
}

/** Six decimals, never -0. */
export function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6 + 0;
}
