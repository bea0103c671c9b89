/** A side of the book: 1 buys (bid), -1 sells (ask). */
export type Side = 1 | -1;

/** Why an order was filled: it was its turn in the queue; a trade went past its price; the other side came to its price. */
export type Reason = 'queue' | 'through' | 'crossed';

/** What an order got, in lots. */
export interface Fill {
  readonly lots: number;
  readonly reason: Reason;
}

/**
 * Our own order at a price, and its place in the queue there: first come, first served. The data does not know of it, so what would have
 * happened to it is concluded from what happened around it. Sizes are whole lots.
 *
 *   placed behind everybody ──trades at the price──▶ its turn ──trades at the price──▶ filled
 *             │  others cancel: never more ahead than the level shows      ▲
 *             └──a trade beyond the price, or the other side at it─────────┘
 */
export class Order {
  readonly side: Side;
  readonly price: number;
  #rest: number;
  #ahead: number;

  /** `ahead`: what waits at the price already. */
  constructor({
    side,
    price,
    lots,
    ahead,
  }: {
    readonly side: Side;
    readonly price: number;
    readonly lots: number;
    readonly ahead: number;
  }) {
    this.side = side;
    this.price = price;
    this.#rest = lots;
    this.#ahead = ahead;
  }

  /** What is still to be filled. */
  get rest(): number {
    return this.#rest;
  }

  /** What is served before it. */
  get ahead(): number {
    return this.#ahead;
  }

  /** Asks for less; keeps its place. */
  reduce(lots: number): void {
    this.#rest = Math.min(this.#rest, lots);
  }

  /** The best price on its own side, and what is there. Where others cancel, we take it that they were behind us as long as that is possible. */
  own(price: number, lots: number): void {
    if (price === this.price) this.#ahead = Math.min(this.#ahead, lots);
    else if (this.#isBeyond(price)) this.#ahead = 0;
  }

  /** The best price of the other side: at ours, or beyond it, they would have met us. No lots: they are not published. */
  other(price: number, lots: number): Fill | undefined {
    if (price !== this.price && !this.#isBeyond(price)) return undefined;
    return this.#fill(lots === 0 ? this.#rest : lots, 'crossed');
  }

  /** Others have traded. */
  traded(price: number, lots: number): Fill | undefined {
    if (this.#isBeyond(price)) return this.#fill(lots, 'through');
    if (price !== this.price) return undefined;
    const left = lots - this.#ahead;
    this.#ahead = Math.max(0, -left);
    return left > 0 ? this.#fill(left, 'queue') : undefined;
  }

  /** Worse than ours for whoever trades with us: lower than a bid, higher than an ask. */
  #isBeyond(price: number): boolean {
    return this.side * (this.price - price) > 0;
  }

  #fill(lots: number, reason: Reason): Fill | undefined {
    const filled = Math.min(lots, this.#rest);
    if (filled <= 0) return undefined;
    this.#rest -= filled;
    return { lots: filled, reason };
  }
}
