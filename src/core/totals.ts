import { brief } from './brief.ts';
import { type CallTotals, countCalls, noCallTotals } from './call-totals.ts';
import type { RunEvent } from './events.ts';
import type { Cause } from './outcome.ts';

/** So many characters of the message of a child that died are kept. */
const LONGEST_MESSAGE = 1000;

/** Sums over the current session. */
export interface Totals {
  since: number;
  /** Milliseconds in which everything stood still. */
  stopped: number;
  retries: number;
  /** Items that were given up. */
  failed: number;
  childrenStarted: number;
  childrenDied: number;
  /** Children in a row that died before they were ready. */
  setupFailures: number;
  /** When the last of them died (ms since 1970). */
  lastSetupFailure: number;
  /** Attempts in a row that died without having finished an item or shown a culprit. */
  fruitless: number;
  /** The last child that died, other than in peace. */
  lastDeath: { readonly cause: Cause; readonly message: string | undefined } | undefined;
  setupMs: number;
  itemMs: number;
  /** Of writing and syncing parts. */
  writeMs: number;
  settled: number;
  batches: number;
  peakRss: number;
  /** By shard: the most memory that one of its children was seen with. */
  peaks: number[];
  /** Of all sessions. */
  readonly calls: CallTotals;
}

/** The sums of a session that begins (ms since 1970). `calls`: those of the sessions before. */
export const noTotals = (since: number, calls: CallTotals = noCallTotals()): Totals => ({
  since,
  stopped: 0,
  retries: 0,
  failed: 0,
  childrenStarted: 0,
  childrenDied: 0,
  setupFailures: 0,
  lastSetupFailure: 0,
  fruitless: 0,
  lastDeath: undefined,
  setupMs: 0,
  itemMs: 0,
  writeMs: 0,
  settled: 0,
  batches: 0,
  peakRss: 0,
  peaks: [],
  calls,
});

/** Adds what an event says to the sums. */
export function count(totals: Totals, event: RunEvent): void {
  switch (event.type) {
    case 'called':
    case 'reserved':
      return countCalls(totals.calls, event);
    case 'child-started':
      totals.childrenStarted++;
      return;
    case 'child-ready':
      totals.setupMs += event.setupMs;
      totals.setupFailures = 0;
      return;
    case 'tried':
      totals.retries++;
      totals.fruitless = 0;
      return;
    case 'committed':
      return countCommit(totals, event);
    case 'item-failed':
      totals.failed++;
      totals.peaks[event.shard] = Math.max(totals.peaks[event.shard] ?? 0, event.failure.evidence?.peakRssBytes ?? 0);
      return;
    case 'attempt-ended':
      if (!['ok', 'stopped', 'orphaned'].includes(event.cause) && event.suspects.length === 0) totals.fruitless++;
      return;
    case 'child-ended':
      totals.peakRss = Math.max(totals.peakRss, event.rss);
      if (event.cause === 'ok' || event.cause === 'stopped') return;
      totals.childrenDied++;
      totals.lastDeath = { cause: event.cause, message: event.message === undefined ? undefined : brief(event.message, LONGEST_MESSAGE) };
      if (event.cause !== 'setup-failed') return;
      totals.setupFailures++;
      totals.lastSetupFailure = event.at;
      return;
    default:
      return;
  }
}

function countCommit(totals: Totals, { shard, receipt, rss }: Extract<RunEvent, { type: 'committed' }>): void {
  const settled = receipt.items + receipt.failed.length;
  if (settled > 0) totals.fruitless = 0;
  totals.itemMs += receipt.itemMs;
  totals.setupMs += receipt.setupMs ?? 0;
  totals.writeMs += receipt.writeMs ?? 0;
  totals.settled += settled;
  totals.failed += receipt.failed.length;
  totals.batches++;
  totals.peakRss = Math.max(totals.peakRss, rss);
  totals.peaks[shard] = Math.max(totals.peaks[shard] ?? 0, rss);
}
