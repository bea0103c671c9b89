import * as stats from 'simple-statistics';
import { LOOK_BACK, type Peers, ranked } from './features.ts';
import { type History, historyOf, type Series, windowOf } from './history.ts';
import type { Session } from './sessions.ts';

/** What all items share: read and computed once per child. */
export interface Market {
  /** The symbols that are the items, in alphabetical order. */
  readonly chosen: ReadonlyMap<string, History>;
  readonly days: readonly SampleDay[];
  /** The mean step of the chosen symbols, one for each session. */
  readonly steps: Series;
}

/** A sample date, and what is the same on it for all symbols. */
interface SampleDay {
  readonly date: string;
  /** Position among the sessions, from 0. */
  readonly index: number;
  readonly peers: Peers;
  /** The mean of all forward returns: what one would have had without choosing. */
  readonly marketForward: number;
}

/** How many symbols and dates, and how far the label looks ahead. */
export interface Extent {
  readonly symbols: number;
  readonly samples: number;
  readonly horizon: number;
}

/** A mean step below this is no share: funds that hold cash (LIQUIDBEES) are traded as much as any. */
const STANDS_STILL = 0.002;

/**
 * Chooses symbols and dates. Chosen are those with most money changing hands (median) in the first sessions, which every sample date has
 * behind it, of those that move at all and have a row on each day on which any has one.
 */
export function marketOf(source: string, sessions: ReadonlyMap<string, readonly Session[]>, { symbols, samples, horizon }: Extent): Market {
  const longest = [...sessions.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
  const dates = longest.map(({ date }) => date);
  const whole = [...sessions].filter(([, own]) => own.length === dates.length && own.every(({ date }, at) => date === dates[at]));
  const moving = whole.filter(([, own]) => stats.mean(historyOf(own.slice(0, LOOK_BACK)).steps.map(Math.abs)) > STANDS_STILL);
  if (moving.length < symbols)
    throw new Error(
      `${source}: ${moving.length} symbols move and have all ${dates.length} sessions, ${symbols} are asked for: lower symbols`,
    );
  const room = dates.length - LOOK_BACK - horizon;
  if (room < samples) {
    throw new Error(
      `${source}: ${dates.length} sessions, ${samples} samples need at least ${LOOK_BACK + samples + horizon}: lower samples or horizon`,
    );
  }
  const chosen = new Map(
    moving
      .map(([symbol, own]) => ({ symbol, own, money: stats.median(own.slice(0, LOOK_BACK).map(({ turnover }) => turnover)) }))
      .toSorted((a, b) => b.money - a.money)
      .slice(0, symbols)
      .toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1))
      .map(({ symbol, own }) => [symbol, historyOf(own)]),
  );
  const histories = [...chosen.values()];
  const steps = dates.map((_, at) => stats.mean(histories.map((history) => history.steps[at] ?? 0)));
  const stride = samples === 1 ? 1 : Math.floor((room - 1) / (samples - 1));
  const days = Array.from({ length: samples }, (_, sample): SampleDay => {
    const index = LOOK_BACK - 1 + sample * stride;
    const marketForward = stats.mean(histories.map((history) => forwardReturn(history, index, horizon)));
    return { date: dates[index] ?? '', index, peers: peersOn(histories, index), marketForward };
  });
  return { chosen, days, steps };
}

/**
 * From the open of the session after the date to the close `horizon` sessions after it: what was delivered is published in the evening, so
 * nobody can buy at the close that it belongs to.
 */
export function forwardReturn({ open, close }: History, index: number, horizon: number): number {
  const [bought, sold] = [open[index + 1], close[index + horizon]];
  if (bought === undefined || sold === undefined) throw new RangeError(`no session ${index + horizon}`);
  return sold - bought;
}

function peersOn(histories: readonly History[], index: number): Peers {
  const pasts = histories.map((history) => windowOf(history, index, LOOK_BACK));
  const sorted = (value: (past: History) => number): Series => pasts.map(value).toSorted((a, b) => a - b);
  return { unusualDelivery: sorted(ranked.unusualDelivery), accumulation: sorted(ranked.accumulation), return: sorted(ranked.return) };
}
