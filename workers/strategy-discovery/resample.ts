import { quantile } from 'simple-statistics';
import type { Draws } from '../shared/draws.ts';

/** What other histories made of the same pieces would have brought. */
export interface Resampled {
  /** Of 20 histories, 19 have a higher Sharpe ratio. `null` where nothing moved. */
  readonly sharpeLow: number | null;
  /** Of 20 histories, one has a deeper drawdown. */
  readonly drawdownHigh: number;
}

/**
 * The stationary bootstrap (D. N. Politis and J. P. Romano 1994): histories of the same length, put together from pieces of the real one
 * whose lengths are geometric with the given mean, so that what follows on what is kept for a while. All accounts go through the same ones.
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

/** Positions of one history: mostly the next one, now and then anywhere; behind the last comes the first. */
function shuffle(order: Int32Array, draws: Draws, meanBlock: number): void {
  const jump = 2 ** 32 / meanBlock;
  const { length } = order;
  let position = Math.floor(draws.uniform() * length);
  for (let t = 0; t < length; t++) {
    order[t] = position;
    position = draws.bits() < jump ? Math.floor(draws.uniform() * length) : position + 1 === length ? 0 : position + 1;
  }
}

/** One account through one history. */
function walk(returns: Float64Array, order: Int32Array): { readonly sharpe: number; readonly drawdown: number } {
  let [sum, squares, equity, peak, drawdown] = [0, 0, 1, 1, 0];
  for (let t = 0; t < order.length; t++) {
    const change = returns[order[t] ?? 0] ?? 0;
    sum += change;
    squares += change * change;
    equity *= 1 + change;
    if (equity > peak) peak = equity;
    else if (peak - equity > drawdown * peak) drawdown = 1 - equity / peak;
  }
  const average = sum / order.length;
  return { sharpe: average / Math.sqrt(squares / order.length - average * average), drawdown };
}
