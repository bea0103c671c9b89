import { Draws } from '../shared/draws.ts';
import type { Session } from './sessions.ts';

/** How many symbols and sessions there are: more symbols than are chosen. */
const SYMBOLS = 120;
const SESSIONS = 1_346;

/** Of the market's daily return. */
const MARKET_DEVIATION = 0.013;
/** GARCH(1,1): today's variance is this part of yesterday's square, that part of yesterday's variance, and the rest the usual one. */
const GARCH = { square: 0.08, variance: 0.9 };
/** Fat tails. */
const FREEDOM = 5;
const SPLITS = [2, 5, 10];
const DAYS_PER_SPLIT = 3_300;
/** How strongly log volume is tied to its own last value, and to the size of the day's move; and what is left to chance. */
const VOLUME = { persistence: 0.69, move: 0.63, noise: 0.67 };

/**
 * Invented sessions with the statistics of 1,555 Indian stocks 2020 to 2025: spread of volatilities, fat tails, clustering, one market factor,
 * gaps, ranges, volumes, delivery, splits. What was delivered says nothing about what follows: there is nothing to find in it. A symbol's
 * sessions depend on the seed and its name only.
 */
export function inventSessions(seed: number, symbols: number = SYMBOLS): ReadonlyMap<string, readonly Session[]> {
  const dates = weekdays('2020-01-01', SESSIONS);
  const market = marketReturns(seed);
  const names = Array.from({ length: symbols }, (_, at) => `SYNTHETIC-${String(at + 1).padStart(3, '0')}`);
  return new Map(names.map((name) => [name, sessionsOf(new Draws(seed, name), dates, market)]));
}

function marketReturns(seed: number): readonly number[] {
  const shocks = new Shocks(new Draws(seed, 'market'), MARKET_DEVIATION);
  return Array.from({ length: SESSIONS }, () => shocks.next());
}

/** Returns that come in calm and in restless times. */
class Shocks {
  readonly #draws: Draws;
  readonly #usual: number;
  #variance: number;

  constructor(draws: Draws, deviation: number) {
    this.#draws = draws;
    this.#usual = this.#variance = deviation ** 2;
  }

  next(): number {
    const shock = Math.sqrt(this.#variance) * this.#draws.studentT(FREEDOM);
    this.#variance = (1 - GARCH.square - GARCH.variance) * this.#usual + GARCH.square * shock ** 2 + GARCH.variance * this.#variance;
    return shock;
  }
}

function sessionsOf(draws: Draws, dates: readonly string[], market: readonly number[]): readonly Session[] {
  const deviation = between(0.03 + 0.0065 * draws.normal(), 0.018, 0.045);
  const drift = 0.0008 + 0.0004 * draws.normal();
  // Whatever its beta, the market is not all of it.
  const beta = between(1.05 + 0.31 * draws.normal(), 0.2, (0.8 * deviation) / MARKET_DEVIATION);
  const own = Math.sqrt(deviation ** 2 - (beta * MARKET_DEVIATION) ** 2);
  const usualTurnover = 10 ** (1 + 4 * draws.uniform());
  const tradeSize = 0.2 * Math.exp(0.5 * draws.normal());
  const shocks = new Shocks(draws, own);
  let volume = 0;
  let close = Math.exp(6 + draws.normal());
  return dates.map((date, day) => {
    if (draws.chance(1 / DAYS_PER_SPLIT)) close /= SPLITS[Math.floor(draws.uniform() * SPLITS.length)] ?? 2;
    const change = between(drift + beta * (market[day] ?? 0) + shocks.next(), -0.2, 0.2);
    // The gap has half of the day's deviation, whatever else the day brings.
    const gap = between(0.25 * change + 0.43 * deviation * draws.normal(), -0.18, 0.18);
    const open = close * Math.exp(gap);
    close *= Math.exp(change);
    const high = Math.max(open, close) * Math.exp(0.55 * deviation * Math.abs(draws.normal()));
    const low = Math.min(open, close) * Math.exp(-0.55 * deviation * Math.abs(draws.normal()));
    volume = VOLUME.persistence * volume + VOLUME.move * (Math.abs(change) / deviation - 0.74) + VOLUME.noise * draws.normal();
    const turnover = usualTurnover * Math.exp(volume);
    return {
      date,
      open: ticks(open),
      high: ticks(high),
      low: ticks(low),
      close: ticks(close),
      vwap: ticks((open + high + low + 2 * close) / 5),
      turnover: ticks(turnover),
      trades: Math.max(1, Math.round((turnover / tradeSize) * Math.exp(0.2 * draws.normal()))),
      delivered: Math.round(draws.beta(3.6, 3.1) * 1e4) / 1e4,
    };
  });
}

function weekdays(from: string, count: number): readonly string[] {
  const days: string[] = [];
  for (let day = Date.parse(from); days.length < count; day += 86_400_000) {
    const date = new Date(day);
    if (date.getUTCDay() % 6 !== 0) days.push(date.toISOString().slice(0, 10));
  }
  return days;
}

const between = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
/** Five paise, as the exchange has them; also what logarithms differ in between versions of V8 is gone then. */
const ticks = (price: number): number => Math.max(1, Math.round(price * 20)) / 20;
