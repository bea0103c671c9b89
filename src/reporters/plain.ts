import { totalmem } from 'node:os';
import type { RunEvent } from '../core/events.ts';
import type { Reporter } from '../core/handle.ts';
import type { Span } from '../core/intervals.ts';
import { formatBudget } from '../core/budget-view.ts';
import { formatBytes, formatCount, formatDuration } from '../core/quantities.ts';
import type { Snapshot } from '../core/report.ts';
import { createBatchCount } from './batches.ts';
import type { Clock } from './clock.ts';
import { createFlood } from './flood.ts';
import type { Notice } from './notice.ts';
import { createNotices, moreOf } from './notices.ts';
import { formatPercent, formatRate, formatSeconds, plural } from './numbers.ts';
import type { Sink } from './sink.ts';

type Committed = Extract<RunEvent, { type: 'committed' }>;

const WINDOW_MS = 1000;
const PROGRESS_MS = 5000;
/** A run in which nothing moves still says so now and then: some systems end a job that is silent. */
const SILENCE_MS = 60_000;

/** Prints a line for each batch and for what happens, and one about the progress at most every 5 seconds. */
export function plainReporter(out: Sink, source: { snapshot(): Snapshot }, clock: Clock, totalMemory = totalmem()): Reporter {
  const notices = createNotices(() => source.snapshot().run);
  const batches = createBatchCount(() => source.snapshot());
  const flood = createFlood<Notice['kind'] | 'batch'>();
  /** The batches that get no line of their own, together. */
  let held = { items: 0, failed: 0, rss: 0 };
  let last = { text: '', settled: 0, at: clock.now() };

  const line = (...columns: readonly string[]): void => out(`${columns.filter((column) => column !== '').join('  ')}\n`);

  const label = (): string => {
    const total = batches.total(source.snapshot());
    const committed = String(batches.committed).padStart(total.replace('~', '').length);
    return `Batch ${committed}${total && `/${total}`}`;
  };
  const memory = (rss: number, upTo = ''): string =>
    rss === 0 ? '' : `RSS ${upTo}${formatBytes(rss)} (${((rss / totalMemory) * 100).toFixed(1)} %)`;

  const batchLine = ({ spans, salvaged, ms, receipt, rss }: Committed): void => {
    const state = salvaged ? 'salvaged' : 'ok';
    line(
      label(),
      formatSpans(spans),
      state,
      formatDuration(ms),
      plural(receipt.items, 'item'),
      failures(receipt.failed.length),
      memory(rss),
    );
  };

  const endWindow = (): void => {
    for (const [kind, count] of flood.drain()) {
      if (kind !== 'batch') {
        line(moreOf(kind, count));
        continue;
      }
      line(
        label(),
        `${plural(count, 'more batch', 'more batches')} ok`,
        plural(held.items, 'item'),
        failures(held.failed),
        memory(held.rss, 'up to '),
      );
      held = { items: 0, failed: 0, rss: 0 };
    }
  };

  const progressLine = (now: Snapshot): void => {
    const text = formatProgress(now);
    if (text !== last.text) line(text);
    last = { text, settled: now.done + now.failed, at: clock.now() };
  };

  const stop = clock.every(WINDOW_MS, () => {
    endWindow();
    const quiet = clock.now() - last.at;
    if (quiet < PROGRESS_MS) return;
    const now = source.snapshot();
    if (now.total > 0 && (now.done + now.failed !== last.settled || quiet >= SILENCE_MS)) progressLine(now);
  });

  return {
    onEvent(event) {
      batches.onEvent(event);
      if (event.type === 'committed') {
        if (flood.admit('batch')) batchLine(event);
        else {
          const { receipt, rss } = event;
          held = { items: held.items + receipt.items, failed: held.failed + receipt.failed.length, rss: Math.max(held.rss, rss) };
        }
      }
      for (const { kind, text } of notices(event)) if (flood.admit(kind)) line(text);
    },
    onEnd() {
      stop();
      endWindow();
      const now = source.snapshot();
      if (now.total > 0) progressLine(now);
    },
  };
}

const failures = (count: number): string => (count > 0 ? `${formatCount(count)} failed` : '');

/** `Progress 240/3600 (6.7 %)  12.3 items/s  ETA 4m33s` */
function formatProgress({ total, done, failed, rate, etaSeconds, budgets = [] }: Snapshot): string {
  // An item whose rerun failed and that kept its rows is both done and failed.
  const settled = Math.min(total, done + failed);
  return [
    `Progress ${settled}/${total} (${formatPercent(settled, total)})`,
    failures(failed),
    rate === null ? '' : formatRate(rate),
    etaSeconds === null || settled >= total ? '' : `ETA ${formatSeconds(etaSeconds)}`,
    ...budgets.map(formatBudget),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

/** `[400,600)`; of many spans the first three. */
function formatSpans(spans: readonly Span[]): string {
  const first = spans.slice(0, 3).map(([start, end]) => `[${start},${end})`);
  return `${first.join(' ')}${spans.length > 3 ? ' …' : ''}`;
}
