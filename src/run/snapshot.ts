import type { BudgetView } from '../core/budget-view.ts';
import { callReport } from '../core/call-stats.ts';
import { eta } from '../core/progress.ts';
import type { SlotView, Snapshot } from '../core/report.ts';
import type { Running } from '../core/running.ts';
import { leftOf } from '../core/scope.ts';
import type { RunState } from '../core/state.ts';
import { tally } from '../core/tally.ts';
import type { Live } from './live.ts';

/** The folders as the user named them. */
export interface Folders {
  readonly dataDir: string | undefined;
  readonly logsDir: string | undefined;
}

export interface SnapshotOptions {
  readonly run: string;
  readonly state: RunState;
  readonly live: ReadonlyMap<number, Live>;
  /** Items a second. */
  readonly rate: number | null;
  readonly elapsedMs: number;
  readonly merging: boolean;
  readonly now: number;
  /** What calls are charged to, and how long (ms) those of a child have waited, by its PID. */
  readonly budgets: readonly BudgetView[];
  readonly waited: (pid: number) => number;
}

/** What is committed and what the children have said since. */
export function snapshotOf({ run, state, live, rate, elapsedMs, merging, now, budgets, waited }: SnapshotOptions): Snapshot {
  // Slots that are no more still finish their batches.
  const length = [...state.running.values()].reduce((most, { slot }) => Math.max(most, slot + 1), state.steering.processes);
  const slots: SlotView[] = Array.from({ length }, (_, slot) => emptySlot(slot, state.slots[slot] ?? null));
  let rows = 0;
  for (const attempt of state.running.values()) {
    const child = live.get(attempt.child);
    const done = Math.min(child?.settled ?? 0, attempt.unsettled.size);
    rows += child?.rows ?? 0;
    const seconds = (now - attempt.since) / 1000;
    slots[attempt.slot] = {
      slot: attempt.slot,
      shard: attempt.shard,
      batch: attempt.batch,
      stolen: attempt.stolen,
      pid: child?.child.pid ?? null,
      done,
      total: attempt.unsettled.size,
      rate: done > 0 && seconds > 0 ? done / seconds : null,
      rssBytes: child && child.rss > 0 ? child.rss : null,
      peakRssBytes: child && child.peakRss > 0 ? child.peakRss : null,
      lastKey: child?.lastKey ?? null,
      ...(attempt.alarm ? { stuckMs: attempt.alarm.quietMs + now - attempt.alarm.at } : {}),
      ...(budgets.length === 0 ? {} : { waitedMs: waited(child?.child.pid ?? 0) }),
    };
  }
  const settled = ({ child }: Running): number => live.get(child)?.settled ?? 0;
  const { total, done, running, waiting } = tally(state, { attempts: state.running.values(), settled });
  const left = state.scope.positions ? leftOf(state) : running + waiting;
  const peak = Math.max(state.totals.peakRss, ...[...live.values()].map(({ peakRss }) => peakRss));
  return {
    run,
    phase: phaseOf(state, merging),
    total,
    done,
    failed: state.failures.size,
    rows: state.rows + rows,
    rate,
    etaSeconds: left === 0 ? 0 : eta(left, rate),
    elapsedMs,
    peakRssBytes: peak > 0 ? peak : null,
    slots,
    ...(budgets.length === 0 ? {} : { budgets }),
    calls: callReport(state.totals.calls.stats),
  };
}

function phaseOf({ closed, stopping, plan, steering }: RunState, merging: boolean): Snapshot['phase'] {
  if (closed) return 'ended';
  if (steering.suspendedAt !== undefined) return 'suspended';
  if (merging) return 'merging';
  if (stopping) return 'stopping';
  if ((plan?.count ?? 0) === 0) return 'planning';
  return steering.paused ? 'paused' : 'working';
}

/** Items settled in this session, those of running batches included. */
export function settledNow(state: RunState, live: ReadonlyMap<number, Live>): number {
  let settled = state.totals.settled;
  for (const { child } of state.running.values()) settled += live.get(child)?.settled ?? 0;
  return settled;
}

function emptySlot(slot: number, shard: number | null): SlotView {
  return {
    slot,
    shard,
    batch: null,
    stolen: false,
    pid: null,
    done: 0,
    total: 0,
    rate: null,
    rssBytes: null,
    peakRssBytes: null,
    lastKey: null,
  };
}
