import type { Side } from './order.ts';

/** A position at its average cost. Money is in the price's currency; before fees, `cash + position × price = realised + unrealised`. */
export class Account {
  /** Lots, negative when sold short. */
  position = 0;
  cash = 0;
  realised = 0;
  fees = 0;
  /** Value of all that was bought and sold. */
  notional = 0;
  /** Lots bought and sold. */
  volume = 0;
  /** The largest position, whichever way. */
  maxPosition = 0;
  readonly #unitsPerLot: number;
  readonly #feeBps: number;
  /** What the position was bought for (negative: sold for). */
  #cost = 0;

  constructor({ unitsPerLot, feeBps }: { readonly unitsPerLot: number; readonly feeBps: number }) {
    this.#unitsPerLot = unitsPerLot;
    this.#feeBps = feeBps;
  }

  fill(side: Side, lots: number, price: number): void {
    const value = lots * this.#unitsPerLot * price;
    const closing = this.position * side < 0 ? Math.min(lots, Math.abs(this.position)) : 0;
    if (closing > 0) {
      const cost = this.#cost * (closing / Math.abs(this.position));
      this.realised += -side * closing * this.#unitsPerLot * price - cost;
      this.#cost -= cost;
    }
    this.position += side * lots;
    this.#cost = closing === lots && this.position === 0 ? 0 : this.#cost + side * (lots - closing) * this.#unitsPerLot * price;
    this.cash -= side * value;
    this.fees += (value * this.#feeBps) / 10_000;
    this.notional += value;
    this.volume += lots;
    this.maxPosition = Math.max(this.maxPosition, Math.abs(this.position));
  }

  /** What closing the position at a price would add. */
  unrealised(price: number): number {
    return this.position * this.#unitsPerLot * price - this.#cost;
  }
}
