import { quantile } from 'simple-statistics';
import type { Draws } from '../shared/draws.ts';

/** What an account's own returns come to in other orders: not what its strategy would have done with other prices. */
export interface Resampled {
  /** Of 20 series, 19 have a higher Sharpe ratio. `null` where nothing moved. */
  readonly sharpeLow: number | null;
  /** Of 20 series, one has a deeper drawdown. */
  readonly drawdownHigh: number;
}

/**
 * The stationary bootstrap (D. N. Politis and J. P. Romano 1994) of the returns of accounts: series of the same length, put together from
 * pieces of the real one whose lengths are geometric with the given mean, so that what follows on what is kept for a while. The pieces are
 * the same ones for all accounts.
 */
export function resample(
  accounts: readonly Float64Array[],
  {
    draws,
    times,
    meanBlock,
    barsPerYear,
  }: { readonly draws: Draws; readonly times: number; readonly meanBlock: number; readonly barsPerYear: number },
): readonly Resampled[] {
  const length = accounts[0]?.length ?? 0;
  const order = new Int32Array(length);
  const found = accounts.map(() => ({ sharpes: new Float64Array(times), drawdowns: new Float64Array(times) }));
  for (let time = 0; time < times; time++) {
    shuffle(order, draws, meanBlock);
    for (const [index, returns] of accounts.entries()) {
      const { sharpe, drawdown } = walk(returns, order);
      const results = found[index];
      if (!results) continue;
      results.sharpes[time] = sharpe;
      results.drawdowns[time] = drawdown;
    }
  }
  return found.map(({ sharpes, drawdowns }) => {
    const low = times > 0 ? quantile([...sharpes], 0.05) * Math.sqrt(barsPerYear) : Number.NaN;
    return { sharpeLow: Number.isFinite(low) ? low : null, drawdownHigh: times > 0 ? quantile([...drawdowns], 0.95) : 0 };
  });
}

/** Positions of one series, piece after piece; behind the last position comes the first. */
function shuffle(order: Int32Array, draws: Draws, meanBlock: number): void {
  const { length } = order;
  for (let t = 0; t < length;) {
    let position = Math.floor(draws.uniform() * length);
    // Geometric: each bar is the last one of its piece with the same probability.
    const pieces = meanBlock > 1 ? Math.log(1 - draws.uniform()) / Math.log(1 - 1 / meanBlock) : 0;
    for (const end = Math.min(length, t + 1 + Math.floor(pieces)); t < end; t++) {
      order[t] = position;
      position = position + 1 === length ? 0 : position + 1;
    }
  }
}

/** The returns of one account in one order. Plain loops over plain numbers: a strategy goes through three million of these steps. */
function walk(returns: Float64Array, order: Int32Array): { readonly sharpe: number; readonly drawdown: number } {
  let sum = 0;
  let squares = 0;
  let equity = 1;
  let peak = 1;
  let deepest = 1;
  for (let t = 0; t < order.length; t++) {
    const change = returns[order[t] ?? 0] ?? 0;
    sum += change;
    squares += change * change;
    equity *= 1 + change;
    peak = Math.max(peak, equity);
    deepest = Math.min(deepest, equity / peak);
  }
  const average = sum / order.length;
  return { sharpe: average / Math.sqrt(squares / order.length - average * average), drawdown: 1 - deepest };
}
