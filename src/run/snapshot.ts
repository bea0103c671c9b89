import { callReport } from '../core/call-stats.ts';
import { eta } from '../core/progress.ts';
import type { SlotView, Snapshot } from '../core/report.ts';
import type { Running } from '../core/running.ts';
import type { RunState } from '../core/state.ts';
import { tally } from '../core/tally.ts';
import type { RunSettings } from '../store/manifest.ts';
import type { Live } from './live.ts';

/** The folders as the user named them. */
export interface Folders {
  readonly dataDir: string | undefined;
  readonly logsDir: string | undefined;
}

export interface SnapshotOptions {
  readonly run: string;
  readonly state: RunState;
  readonly settings: RunSettings;
  readonly live: ReadonlyMap<number, Live>;
  /** Items a second. */
  readonly rate: number | null;
  readonly since: number;
  readonly merging: boolean;
  readonly now: number;
}

/** What is committed and what the children have said since. */
export function snapshotOf({ run, state, settings, live, rate, since, merging, now }: SnapshotOptions): Snapshot {
  const slots: SlotView[] = Array.from({ length: settings.processes }, (_, slot) => emptySlot(slot, state.slots[slot] ?? null));
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
      lastKey: child?.lastKey ?? null,
    };
  }
  const settled = ({ child }: Running): number => live.get(child)?.settled ?? 0;
  const { total, done, running, waiting } = tally(state, { attempts: state.running.values(), settled });
  const left = running + waiting;
  return {
    run,
    phase: state.closed ? 'ended' : merging ? 'merging' : state.stopping ? 'stopping' : total === 0 ? 'planning' : 'working',
    total,
    done,
    failed: state.failures.size,
    rows: state.rows + rows,
    rate,
    etaSeconds: left === 0 ? 0 : eta(left, rate),
    elapsedMs: now - since,
    slots,
    calls: callReport(state.totals.calls.stats),
  };
}

/** Items settled in this session, those of running batches included. */
export function settledNow(state: RunState, live: ReadonlyMap<number, Live>): number {
  let settled = state.totals.settled;
  for (const { child } of state.running.values()) settled += live.get(child)?.settled ?? 0;
  return settled;
}

function emptySlot(slot: number, shard: number | null): SlotView {
  return { slot, shard, batch: null, stolen: false, pid: null, done: 0, total: 0, rate: null, rssBytes: null, lastKey: null };
}
