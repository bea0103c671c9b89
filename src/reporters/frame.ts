import type { ChalkInstance } from 'chalk';
import { formatBytes, formatCount } from '../core/quantities.ts';
import type { SlotView, Snapshot } from '../core/report.ts';
import { formatDuration } from '../core/quantities.ts';
import { budgetLines } from './budgets.ts';
import { layOut } from './columns.ts';
import { formatPercent, formatRate, formatSeconds } from './numbers.ts';
import { shown } from './text.ts';

/** Room for a frame: each line is at most `columns` wide, and there are at most `lines`. */
export interface Room {
  readonly columns: number;
  readonly lines: number;
}

/** The lines that show a run in a terminal: one per slot, as many as fit, one per budget where there is room, and one for the run. */
export function frame(snapshot: Snapshot, room: Room, chalk: ChalkInstance): string[] {
  const budgets = room.lines > 4 ? budgetLines(snapshot.budgets, chalk).slice(0, Math.floor(room.lines / 3)) : [];
  const run = [
    ...budgets.map((text) => layOut([{ cells: [text], keep: 1 }], room.columns)[0] ?? ''),
    runLine(snapshot, room.columns, chalk),
  ];
  const places = Math.max(0, room.lines - run.length);
  const { slots } = snapshot;
  if (slots.length <= places) return [...slotLines(slots, room.columns, chalk), ...run];
  if (places < 2) return run.slice(-1);
  const visible = busiest(slots, places - 1);
  return [...slotLines(visible, room.columns, chalk), shown(`… and ${slots.length - visible.length} more`, room.columns), ...run];
}

/** The slots to show where not all can be: those that have work, in order. */
function busiest(slots: readonly SlotView[], count: number): readonly SlotView[] {
  return slots
    .toSorted((a, b) => Number(a.shard === null) - Number(b.shard === null) || a.slot - b.slot)
    .slice(0, count)
    .toSorted((a, b) => a.slot - b.slot);
}

function slotLines(slots: readonly SlotView[], columns: number, chalk: ChalkInstance): string[] {
  const cells = (cell: (slot: SlotView) => string): string[] => slots.map(cell);
  const working = (cell: (slot: SlotView) => string): string[] => slots.map((slot) => (slot.total === 0 ? '' : cell(slot)));
  const barWidth = columns >= 100 ? 20 : 10;
  return layOut(
    [
      { cells: cells(({ slot }) => String(slot)), align: 'right', keep: 4, least: 2 },
      { cells: cells((slot) => place(slot)), keep: 9 },
      { cells: cells(({ stuckMs }) => (stuckMs === undefined ? '' : chalk.red(`stuck ${formatSeconds(stuckMs / 1000)}`))), keep: 8 },
      { cells: working(({ done, total }) => bar(done, 0, total, barWidth, chalk)), keep: 5 },
      { cells: working(({ done, total }) => `${done}/${total}`), align: 'right', keep: 8, least: 7 },
      { cells: working(({ rate }) => (rate === null ? '' : formatRate(rate, ''))), align: 'right', keep: 7, least: 7 },
      { cells: cells(({ rssBytes }) => (rssBytes === null ? '' : formatBytes(rssBytes))), align: 'right', keep: 6, least: 7 },
      { cells: cells(({ waitedMs = 0 }) => (waitedMs >= 1000 ? `waited ${formatDuration(waitedMs)}` : '')), keep: 2 },
      { cells: working(({ lastKey }) => (lastKey === null ? '' : shown(lastKey, columns))), keep: 3, rest: true },
    ],
    columns,
  );
}

function place({ shard, batch, stolen }: SlotView): string {
  if (shard === null) return 'idle';
  return `shard ${shard}${batch === null ? '' : ` batch ${batch}`}${stolen ? '*' : ''}`;
}

function runLine(snapshot: Snapshot, columns: number, chalk: ChalkInstance): string {
  const { phase, total, done, failed, rate, etaSeconds, elapsedMs, peakRssBytes } = snapshot;
  // An item whose rerun failed and that kept its rows is both done and failed.
  const settled = Math.min(total, done + failed);
  const known = total > 0;
  const state = {
    planning: 'planning',
    working: 'run',
    paused: 'paused',
    suspended: 'suspended',
    stopping: 'stopping',
    merging: 'merging',
    ended: 'ended',
  }[phase];
  const width = columns >= 100 ? 30 : 16;
  const going = known && phase !== 'ended' && phase !== 'merging';
  const [line = ''] = layOut(
    [
      { cells: [phase === 'stopping' || phase === 'paused' ? chalk.yellow(state) : chalk.bold(state)], keep: 4 },
      { cells: [known ? bar(done, failed, total, width, chalk) : ''], keep: 2 },
      { cells: [known ? `${formatCount(settled)}/${formatCount(total)}` : ''], keep: 9 },
      { cells: [known ? formatPercent(settled, total) : ''], align: 'right', keep: 8, least: 7 },
      { cells: [failed > 0 ? chalk.red(`${formatCount(failed)} failed`) : ''], keep: 7 },
      { cells: [known && rate !== null ? formatRate(rate) : ''], keep: 5 },
      { cells: [going && etaSeconds !== null ? `ETA ${formatSeconds(etaSeconds)}` : ''], keep: 6 },
      { cells: [peakRssBytes === null ? '' : `peak ${formatBytes(peakRssBytes)}`], keep: 0 },
      { cells: [chalk.dim(formatSeconds(Math.floor(elapsedMs / 1000)))], keep: 1 },
    ],
    columns,
  );
  return line;
}

/** A bar of exactly `width` columns; failed items are part of what is filled. */
function bar(done: number, failed: number, total: number, width: number, chalk: ChalkInstance): string {
  const columns = (items: number): number => (total > 0 ? Math.floor((Math.min(items, total) / total) * width) : 0);
  const filled = columns(done + failed);
  // One failure among thousands is still to be seen.
  const red = failed > 0 && filled > 0 ? Math.max(1, columns(failed)) : 0;
  return chalk.green('█'.repeat(filled - red)) + chalk.red('█'.repeat(red)) + chalk.dim('░'.repeat(width - filled));
}
