import { formatBytes, formatCount, formatDuration } from '../core/quantities.ts';
import { formatBudget } from '../core/budget-view.ts';
import { formatRate, formatSeconds } from '../reporters/numbers.ts';
import { shown } from '../reporters/text.ts';
import type { SlotView, Snapshot } from '../core/report.ts';

/** What SIGUSR1 prints: one line for the run, one for each busy slot. */
export function formatSnapshot(snapshot: Snapshot): string {
  const { run, phase, total, done, failed, rows, rate, etaSeconds, elapsedMs, peakRssBytes, slots, budgets = [] } = snapshot;
  const facts = [
    `${run} ${phase}`,
    `${formatCount(done)}/${formatCount(total)} items${failed > 0 ? `, ${formatCount(failed)} failed` : ''}`,
    `${formatCount(rows)} rows`,
    ...(rate === null ? [] : [formatRate(rate)]),
    ...(etaSeconds === null ? [] : [`ETA ${formatSeconds(etaSeconds)}`]),
    `after ${formatDuration(elapsedMs)}`,
    ...(peakRssBytes === null ? [] : [`at most ${formatBytes(peakRssBytes)} in a child`]),
  ];
  return [
    facts.join('  '),
    ...budgets.map((view) => `  ${formatBudget(view)}`),
    ...slots.filter(({ shard }) => shard !== null).map(formatSlot),
  ].join('\n');
}

function formatSlot({ slot, shard, batch, stolen, done, total, pid, rssBytes, lastKey, stuckMs, waitedMs }: SlotView): string {
  const facts = [
    `  slot ${slot}`,
    `shard ${shard} batch ${batch ?? '-'}${stolen ? ' (taken over)' : ''}`,
    `${done}/${total}`,
    `pid ${pid ?? '-'}`,
    ...(rssBytes === null ? [] : [formatBytes(rssBytes)]),
    ...(stuckMs === undefined ? [] : [`has finished nothing for ${formatDuration(stuckMs)}`]),
    ...(waitedMs === undefined ? [] : [`waited ${formatDuration(waitedMs)}`]),
    ...(lastKey === null ? [] : [`last ${shown(lastKey, 40)}`]),
  ];
  return facts.join('  ');
}
