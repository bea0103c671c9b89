import type { Account } from './simulate.ts';

/** What an account has come to. Shares and returns are fractions: 0.1 is ten percent. `null`: there is nothing to compute it from. */
export interface Statistics {
  readonly totalReturn: number;
  readonly annualReturn: number | null;
  readonly sharpe: number | null;
  /** Of the bars up to the split, and of those after it: what was chosen by the first is judged by the second. */
  readonly sharpeEarly: number | null;
  readonly sharpeLate: number | null;
  readonly maxDrawdown: number;
  readonly trades: number;
  readonly winRate: number | null;
  /** What winners won for each unit that losers lost. */
  readonly profitFactor: number | null;
  /** Share of the bars that end with a position. */
  readonly exposure: number;
  readonly marginCalls: number;
  readonly costs: number;
}

/** Describes an account. `split`: the share of the bars that is early. */
export function statisticsOf(
  account: Account,
  { barsPerYear, split }: { readonly barsPerYear: number; readonly split: number },
): Statistics {
  const { equity, trades, costs, marginCalls } = account;
  const returns = returnsOf(equity);
  const early = Math.round(returns.length * split);
  const growth = (equity.at(-1) ?? 0) / (equity[0] ?? 1);
  const won = trades.filter(({ profit }) => profit > 0);
  const [gained, gainedOrLost] = [won, trades].map((some) => some.reduce((sum, { profit }) => sum + Math.abs(profit), 0));
  const lost = (gainedOrLost ?? 0) - (gained ?? 0);
  return {
    totalReturn: growth - 1,
    annualReturn: growth > 0 ? growth ** (barsPerYear / returns.length) - 1 : null,
    sharpe: sharpeOf(returns, barsPerYear),
    sharpeEarly: sharpeOf(returns.subarray(0, early), barsPerYear),
    sharpeLate: sharpeOf(returns.subarray(early), barsPerYear),
    maxDrawdown: drawdownOf(equity),
    trades: trades.length,
    winRate: trades.length > 0 ? won.length / trades.length : null,
    profitFactor: lost > 0 ? (gained ?? 0) / lost : null,
    exposure: trades.reduce((sum, { opened, closed }) => sum + closed - opened, 0) / equity.length,
    marginCalls,
    costs,
  };
}

/** From bar to bar, one less than there are bars; 0 once nothing is left. */
export function returnsOf(equity: Float64Array): Float64Array {
  const returns = new Float64Array(equity.length - 1);
  for (let t = 0; t < returns.length; t++) {
    const before = equity[t] ?? 0;
    returns[t] = before > 0 ? (equity[t + 1] ?? 0) / before - 1 : 0;
  }
  return returns;
}

/** Annual mean over annual deviation; cash is taken to earn nothing. `null` where nothing moved. By loops: arrays of every account would be garbage. */
function sharpeOf(returns: Float64Array, barsPerYear: number): number | null {
  let sum = 0;
  for (const value of returns) sum += value;
  const mean = sum / returns.length;
  let squares = 0;
  for (const value of returns) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / (returns.length - 1));
  return deviation > 0 ? (mean / deviation) * Math.sqrt(barsPerYear) : null;
}

/** The deepest fall from a peak, as a fraction of it. */
function drawdownOf(equity: Float64Array): number {
  let peak = 0;
  let deepest = 0;
  for (const value of equity) {
    if (value > peak) peak = value;
    else if (peak > 0) deepest = Math.max(deepest, 1 - value / peak);
  }
  return deepest;
}
