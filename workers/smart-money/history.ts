import type { Session } from './sessions.ts';

/** One number for each session, oldest first. */
export type Series = readonly number[];

/** A symbol's sessions as the features need them; prices as logarithms, without what splits and bonus issues did to them. */
export interface History {
  /** From close to close. */
  readonly steps: Series;
  readonly open: Series;
  readonly high: Series;
  readonly low: Series;
  readonly close: Series;
  readonly vwap: Series;
  readonly turnover: Series;
  /** Money in one trade, on average. */
  readonly tradeSize: Series;
  /** Part that was delivered, 0 to 1. */
  readonly share: Series;
  /** Money that it was. */
  readonly delivered: Series;
}

/**
 * The exchange stops a share that falls 20 % from its last close. One that opens further below was split, or got bonus shares: no money was
 * lost. (A bonus of one for four looks like a fall of 20 %, and is taken for one.)
 */
const CORPORATE_ACTION = -0.25;

/** Puts a symbol's sessions in this form. Everything at a position follows from the sessions up to it. */
export function historyOf(sessions: readonly Session[]): History {
  const gaps = sessions.map((session, at) => {
    const gap = logRatio(session.open, sessions[at - 1]?.close ?? session.open);
    return gap < CORPORATE_ACTION ? 0 : gap;
  });
  const steps = sessions.map(({ open, close }, at) => (gaps[at] ?? 0) + logRatio(close, open));
  let level = 0;
  const closes = steps.map((step) => (level += step));
  const relative = (price: (session: Session) => number): Series =>
    sessions.map((session, at) => (closes[at] ?? 0) + logRatio(price(session), session.close));
  let last = 0.5;
  // What is not published is taken to be what it was before.
  const share = sessions.map(({ delivered }) => (last = Number.isNaN(delivered) ? last : delivered));
  return {
    steps,
    open: relative(({ open }) => open),
    high: relative(({ high }) => high),
    low: relative(({ low }) => low),
    close: closes,
    vwap: relative(({ vwap }) => vwap),
    turnover: sessions.map(({ turnover }) => turnover),
    tradeSize: sessions.map(({ turnover, trades }) => turnover / trades),
    share,
    delivered: sessions.map(({ turnover }, at) => turnover * (share[at] ?? 0)),
  };
}

/** The last `length` sessions up to a position, its own included. */
export function windowOf(history: History, position: number, length: number): History {
  const cut = (series: Series): Series => series.slice(position + 1 - length, position + 1);
  const { steps, open, high, low, close, vwap, turnover, tradeSize, share, delivered } = history;
  return {
    steps: cut(steps),
    open: cut(open),
    high: cut(high),
    low: cut(low),
    close: cut(close),
    vwap: cut(vwap),
    turnover: cut(turnover),
    tradeSize: cut(tradeSize),
    share: cut(share),
    delivered: cut(delivered),
  };
}

/** A multiple of 2^-40: sums of these are exact, so rows have the same bytes under every version of V8. */
function logRatio(price: number, base: number): number {
  return Math.round(Math.log(price / base) * 2 ** 40) / 2 ** 40;
}
