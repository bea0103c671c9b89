/**
 * Made-up daily prices with the habits of real ones: a market that all follow, volatility that comes in clusters (GARCH(1,1) with a = 0.08 and
 * b = 0.90), fat tails (Student's t with 5 degrees of freedom), listings of very different ages. The figures are those of 1,555 stocks of the
 * NSE, 2020 to 2025. Everything follows from the seed and the symbol.
 */
import { Draws } from '../shared/draws.ts';
import { numbersFrom } from './decide.ts';

/** A trading day. Prices in some currency, volume in pieces. */
export interface Bar {
  readonly date: string;
  readonly close: number;
  readonly volume: number;
}

const DAY = 86_400_000;
const FIRST = Date.parse('2000-01-03');
const COUNT = 3000;

/** The symbols there are: `SYN0000` to `SYN2999`. */
export function symbols(): readonly string[] {
  return Array.from({ length: COUNT }, (_, index) => `SYN${String(index).padStart(4, '0')}`);
}

/** Its days from `from` to `until` (YYYY-MM-DD, both included), oldest first; none before it was listed. */
export function dailyBars(symbol: string, { from, until, seed }: { from: string; until: string; seed: string }): readonly Bar[] {
  const [age = 0, spread = 0, drift = 0, beta = 0, price = 0, size = 0] = numbersFrom(seed, 'stock', symbol);
  // Most have been there from the beginning; a quarter came later.
  const listed = FIRST + (age < 0.75 ? 0 : Math.floor((age - 0.75) * 4 * 9000)) * DAY;
  const own = new Draws(seed, symbol);
  const market = new Draws(seed, 'market');
  const deviation = 0.018 + 0.016 * spread;
  const usual = deviation * Math.sqrt(0.8);
  const bars: Bar[] = [];
  let variance = usual ** 2;
  let logPrice = Math.log(20 + 980 * price ** 3);
  let busy = 0;
  for (let at = FIRST; at <= Date.parse(until); at += DAY) {
    const weekday = new Date(at).getUTCDay();
    if (weekday === 0 || weekday === 6) continue;
    const moved = 0.011 * market.studentT(5);
    if (at < listed) continue;
    const shock = Math.sqrt(variance) * own.studentT(5);
    variance = usual ** 2 * 0.02 + 0.08 * shock ** 2 + 0.9 * variance;
    const step = -0.0002 + 0.0008 * drift + (0.6 + 0.8 * beta) * moved + shock;
    logPrice += Math.max(-0.2, Math.min(0.2, step));
    busy = 0.69 * busy + 0.8 * own.normal() + 0.2 * (Math.abs(step) / deviation - 0.8);
    const date = new Date(at).toISOString().slice(0, 10);
    if (date < from) continue;
    bars.push({
      date,
      close: Math.max(0.05, Math.round(Math.exp(logPrice) * 100) / 100),
      volume: Math.round(Math.exp(7 + 6 * size + busy)),
    });
  }
  return bars;
}
