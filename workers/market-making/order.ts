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
 * happened to it is concluded from what happened around it. Sizes are whole lots; `undefined` where a size is not published.
 *
 *   placed behind everybody ──trades at the price──▶ its turn ──trades at the price──▶ filled
 *             │  others cancel: never more ahead than the level shows      ▲
 *             └──a trade beyond the price, or the other side at it─────────┘
 *
 * Within a moment, the same lots may be reported several times: as a level that is shown again, as a trade and as the level of whoever traded.
 * So an order gets the larger of what was traded and what was shown, each price by the most it has shown, and not the sum.
 */
export class Order {
  readonly side: Side;
  readonly price: number;
  #rest: number;
  #ahead: number;
  /** What trades of this moment left for it. */
  #traded = 0;
  /** The most that each price of the other side has shown in this moment. */
  readonly #shown = new Map<number, number>();
  /** What it got in this moment. */
  #given = 0;

  /** `ahead`: what waits at the price already. Where nobody knows, it is never its turn, until the level shows how much there is. */
  constructor({
    side,
    price,
    lots,
    ahead,
  }: {
    readonly side: Side;
    readonly price: number;
    readonly lots: number;
    readonly ahead: number | undefined;
  }) {
    this.side = side;
    this.price = price;
    this.#rest = lots;
    this.#ahead = ahead ?? Infinity;
  }

  /** What is still to be filled. */
  get rest(): number {
    return this.#rest;
  }

  /** What is served before it. */
  get ahead(): number {
    return this.#ahead;
  }

  /** The clock moves on: asks for so many at most, and keeps its place. */
  keep(lots: number): void {
    this.#rest = Math.min(this.#rest, lots);
    this.#traded = this.#given = 0;
    this.#shown.clear();
  }

  /** The best price on its own side, and what is there. Where others cancel, we take it that they were behind us as long as that is possible. */
  own(price: number, lots: number | undefined): void {
    if (price === this.price) this.#ahead = Math.min(this.#ahead, lots ?? Infinity);
    else if (this.#isBeyond(price)) this.#ahead = 0;
  }

  /** The best price of the other side, and what is there: at ours, or beyond it, they would have met us. */
  other(price: number, lots: number | undefined): Fill | undefined {
    if (price !== this.price && !this.#isBeyond(price)) return undefined;
    this.#shown.set(price, Math.max(this.#shown.get(price) ?? 0, lots ?? Infinity));
    return this.#fill('crossed');
  }

  /** Others have traded. */
  traded(price: number, lots: number | undefined): Fill | undefined {
    if (this.#isBeyond(price)) {
      this.#traded += lots ?? Infinity;
      return this.#fill('through');
    }
    if (price !== this.price || lots === undefined) return undefined;
    const left = lots - this.#ahead;
    this.#ahead = Math.max(0, -left);
    this.#traded += Math.max(0, left);
    return this.#fill('queue');
  }

  /** Worse than ours for whoever trades with us: lower than a bid, higher than an ask. */
  #isBeyond(price: number): boolean {
    return this.side * (this.price - price) > 0;
  }

  #fill(reason: Reason): Fill | undefined {
    const shown = this.#shown.values().reduce((sum, lots) => sum + lots, 0);
    const lots = Math.min(Math.max(this.#traded, shown) - this.#given, this.#rest);
    if (lots <= 0) return undefined;
    this.#rest -= lots;
    this.#given += lots;
    return { lots, reason };
  }
}
