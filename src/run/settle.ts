import type { RunEvent } from '../core/events.ts';
import type { Evidence } from '../core/evidence.ts';
import type { Cause } from '../core/outcome.ts';
import type { Span } from '../core/intervals.ts';
import type { Limits } from '../core/limits.ts';
import { formatBytes, formatDuration } from '../core/quantities.ts';
import type { Running } from '../core/running.ts';
import type { RunState } from '../core/state.ts';
import type { Salvage } from '../store/ledger.ts';

/** What a ledger may say of an item that was given up. */
const NOTED = ['item-timeout', 'exit', 'signal', 'bad-output'] as const satisfies Cause[];

/** An event that has no time yet. */
export type Fact = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'at'> : never) : never;

export interface Death {
  readonly cause: Cause;
  readonly message?: string;
  readonly evidence?: Evidence;
  /** Highest number of retries of one item. */
  readonly retries: number;
  readonly now: number;
}

/** What a limit says about the child that it ended; `undefined` for every other cause. */
export function describeLimit(cause: Cause, { itemTimeout, batchTimeout, stallTimeout, maxRss }: Limits, rss: number): string | undefined {
  if (cause === 'item-timeout' && itemTimeout !== undefined) return `took longer than ${formatDuration(itemTimeout)}`;
  if (cause === 'batch-timeout') return `the batch took longer than ${formatDuration(batchTimeout)}`;
  if (cause === 'stalled' && stallTimeout !== undefined) return `no heartbeat for ${formatDuration(stallTimeout)}`;
  if (cause === 'rss-limit' && maxRss !== undefined)
    return `the child grew to ${formatBytes(rss)}, past one and a half times ${formatBytes(maxRss)}`;
  return undefined;
}

/**
 * What follows from the death of an attempt's child: what it had finished is committed; an item that is known to have been alone in
 * flight has had one more try, and is given up when that was its last; the rest is owed.
 */
export function settleDeath(state: RunState, attempt: Running, found: Salvage, death: Death): Fact[] {
  const { shard, batch, attempt: number } = attempt;
  const id = { shard, batch, attempt: number };
  const facts: Fact[] = [];
  const failed = found.failed.flatMap(({ index, key, cause, message, tries }) =>
    attempt.unsettled.has(index)
      ? [
          {
            index,
            key,
            cause: NOTED.find((one) => one === cause) ?? ('error' as const),
            message: message ?? '',
            tries: tries ?? 1,
          },
        ]
      : [],
  );
  if (found.items > 0 || failed.length > 0) {
    const { items, rows, bytes, crc32, layout, ledgerLines, ledgerBytes, ledgerCrc32, itemMs, spans, groups } = found;
    const totals = { items, rows, bytes, crc32, layout, ledgerLines, ledgerBytes, ledgerCrc32, ...(groups ? { groups } : {}) };
    const made = found.artifacts ? { artifacts: found.artifacts } : {};
    const [receipt, rss] = [{ ...totals, itemMs, failed, ...made }, death.evidence?.peakRssBytes ?? 0];
    facts.push({ type: 'committed', ...id, spans, receipt, salvaged: true, ms: death.now - attempt.since, rss });
  }
  const counts = death.cause !== 'stopped' && death.cause !== 'orphaned';
  const exact = found.exact || attempt.mode !== 'normal';
  const inFlight = counts && exact ? found.inFlight.filter(({ index }) => attempt.unsettled.has(index)) : [];
  const [culprit] = inFlight;
  if (culprit && inFlight.length === 1) {
    const tries = (state.trouble.get(culprit.index)?.tries ?? 0) + 1;
    const message = death.message ?? `its child died (${death.cause})`;
    const { index, key } = culprit;
    const seen = death.evidence ? { evidence: death.evidence } : {};
    if (tries > death.retries)
      facts.push({ type: 'item-failed', ...id, failure: { index, key, cause: death.cause, message, tries, ...seen } });
    else facts.push({ type: 'tried', ...id, index, key, tries, cause: death.cause, message });
  }
  const suspects = inFlight.map(({ index }): Span => [index, index + 1]);
  facts.push({
    type: 'attempt-ended',
    ...id,
    cause: death.cause,
    suspects,
    exact: !counts || (exact && inFlight.length > 0),
    ...(death.message === undefined ? {} : { message: death.message }),
  });
  return facts;
}
