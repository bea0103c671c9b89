import { Draws } from '../shared/draws.ts';
import type { Tick } from './ticks.ts';

const FIRST_DAY = Date.UTC(2025, 3, 1);
const DAY = 86_400_000;
const HALF_HOUR = 1_800;
/** From the opening, in seconds after midnight; before it, orders are gathered and shown without a price. */
const OPENING = 6 * 3_600;
/** How the rows of a day are spread over its half-hours. */
const SHARES = [0.102, 0.093, 0.099, 0.097, 0.088, 0.086, 0.091, 0.101, 0.098, 0.134];
const PRE_OPEN = 0.01;
/** Most rows have the second of the row before. */
const SAME_SECOND = 0.72;
const ROWS = { median: 4_320, deviation: 0.5, least: 865, most: 12_359 };
const TRADE_SIZE = { median: 1_782, deviation: 2.05 };
const LEVEL_SIZE = { median: 45_000, deviation: 1.2 };
/** A buyer is followed by a buyer, mostly; less so once the price has moved. */
const SIDE_CHANGES = 0.11;
const SIDE_CHANGES_AFTER_MOVE = 0.6;

/**
 * Invented ticks of a security with the statistics of a share of the Gulf over 136 days: rows a day and their spread over it, kinds of rows,
 * equal seconds, sizes, how often and how far the price moves. A trade that takes a whole level moves the price, so that whoever is filled
 * last regrets it. They depend on the seed, the name and the day only.
 */
export function* inventTicks(seed: number, security: string, days: number): Generator<Tick> {
  const book = new Book(new Draws(seed, security));
  for (let day = 0, time = FIRST_DAY; day < days; time += DAY) {
    if (new Date(time).getUTCDay() % 6 === 0) continue;
    day++;
    yield* dayOf(book, time);
  }
}

function* dayOf(book: Book, midnight: number): Generator<Tick> {
  const { draws } = book;
  const rows = Math.round(Math.min(Math.max(logNormal(draws, ROWS), ROWS.least), ROWS.most));
  for (let row = 0; row < Math.round(rows * PRE_OPEN); row++) {
    const type = draws.chance(0.5) ? 'BID' : 'ASK';
    yield { time: midnight + (OPENING - HALF_HOUR + row) * 1_000, type, price: 0, size: sizeOf(draws, LEVEL_SIZE) };
  }
  for (const [part, share] of SHARES.entries()) {
    const isNew = Array.from({ length: Math.round(rows * share) }, (_, row) => row === 0 || !draws.chance(SAME_SECOND));
    const width = HALF_HOUR / isNew.filter(Boolean).length;
    let seconds = -1;
    let time = 0;
    for (const next of isNew) {
      // One in each equal piece of the half-hour, so that no two are the same.
      if (next) time = midnight + (OPENING + part * HALF_HOUR + Math.floor((++seconds + draws.uniform()) * width)) * 1_000;
      yield { time, ...book.next() };
    }
  }
}

/** The best prices in ticks of a cent, and what is still to be shown of their last move. */
class Book {
  readonly draws: Draws;
  #bid: number;
  #spread = 1;
  #levels = { BID: 0, ASK: 0 };
  #side: 'BID' | 'ASK' = 'ASK';
  #pending: ('BID' | 'ASK')[] = ['BID', 'ASK'];

  constructor(draws: Draws) {
    this.draws = draws;
    this.#bid = 300 + Math.floor(2_700 * draws.uniform());
    for (const side of ['BID', 'ASK'] as const) this.#levels[side] = sizeOf(draws, LEVEL_SIZE);
  }

  next(): Omit<Tick, 'time'> {
    const shown = this.#pending.shift();
    if (shown) return { type: shown, price: this.#price(shown), size: this.#levels[shown] };
    const kind = this.draws.uniform();
    if (kind < 0.45) return this.#trade();
    const side = kind < 0.725 ? 'BID' : 'ASK';
    this.#levels[side] = sizeOf(this.draws, LEVEL_SIZE);
    return { type: side, price: this.#price(side), size: this.#levels[side] };
  }

  #trade(): Omit<Tick, 'time'> {
    if (this.draws.chance(SIDE_CHANGES)) this.#side = this.#side === 'BID' ? 'ASK' : 'BID';
    const side = this.#side;
    const price = this.#price(side);
    const size = sizeOf(this.draws, TRADE_SIZE);
    this.#levels[side] -= size;
    if (this.#levels[side] <= 0) this.#move(side === 'ASK' ? 1 : -1);
    else this.#pending.push(side);
    return { type: 'TRADE', price, size };
  }

  /** Both sides go on, the one that was taken first. */
  #move(direction: 1 | -1): void {
    this.#bid = Math.max(50, this.#bid + direction * (this.draws.chance(0.1) ? 2 : 1));
    this.#spread = this.draws.chance(0.1) ? 2 : 1;
    for (const side of ['BID', 'ASK'] as const) this.#levels[side] = sizeOf(this.draws, LEVEL_SIZE);
    if (this.draws.chance(SIDE_CHANGES_AFTER_MOVE)) this.#side = direction > 0 ? 'BID' : 'ASK';
    this.#pending = direction > 0 ? ['ASK', 'BID'] : ['BID', 'ASK'];
  }

  #price(side: 'BID' | 'ASK'): number {
    return (this.#bid + (side === 'ASK' ? this.#spread : 0)) / 100;
  }
}

function logNormal(draws: Draws, { median, deviation }: { readonly median: number; readonly deviation: number }): number {
  return median * Math.exp(deviation * draws.normal());
}

function sizeOf(draws: Draws, spread: { readonly median: number; readonly deviation: number }): number {
  return Math.max(1, Math.round(logNormal(draws, spread)));
}
