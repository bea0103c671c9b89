import { rowsOf } from '../core/commits.ts';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RunChoice, RunInfo } from '../core/api.ts';
import type { AlarmStatus, ShardStatus, Snapshot, Status } from '../core/report.ts';
import { callReport } from '../core/call-stats.ts';
import type { Running } from '../core/running.ts';
import type { RunState } from '../core/state.ts';
import { NOTHING_UNDERWAY, tally, type Underway } from '../core/tally.ts';
import { isOwned } from '../store/lock.ts';
import { shown, type RunPaths } from '../store/paths.ts';
import { logOf } from './attempt-log.ts';
import { readState } from './replay.ts';
import { findRun, runNames } from './find-run.ts';
import { failureRows } from './report.ts';
import { stoppedBy } from './stopped.ts';

/** The state of a run as anybody may see it: the journal, and what its parent, if there is one, has said of the last second. */
export async function statusOf(choice: RunChoice): Promise<Status> {
  const found = findRun(choice);
  const { paths, manifest } = found;
  const { state } = readState(found);
  const owned = isOwned(paths.folder);
  const live = owned ? readLive(paths) : undefined;
  const underway = owned ? underwayOf(state, live) : NOTHING_UNDERWAY;
  const { total, done, running, waiting } = tally(state, underway);
  const failures = failureRows(state, paths.logs);
  return {
    run: manifest.run,
    state: stateName(state, owned),
    stopped: stoppedBy(state, paths.logs),
    items: { total, done, failed: state.failures.size, running, waiting },
    rows: live?.rows ?? state.merged?.rows ?? state.rows,
    rate: live?.rate ?? null,
    etaSeconds: live?.etaSeconds ?? null,
    peakRssBytes: live?.peakRssBytes ?? (state.totals.peakRss || null),
    alarms: owned ? alarmsOf(state) : [],
    shards: shardsOf(state, paths, underway, live),
    failures,
    failuresLeftOut: state.failures.size - failures.length,
    calls: live?.calls ?? callReport(state.totals.calls.stats),
    output: shown(state.merged?.output ?? manifest.settings.output),
    ...(live?.budgets ? { budgets: live.budgets } : {}),
  };
}

/** All runs, the oldest first. One that cannot be read is listed as such. */
export async function listRuns(choice: RunChoice): Promise<readonly RunInfo[]> {
  return runNames(resolve(choice.dataDir ?? 'data')).map((run): RunInfo => {
    try {
      const found = findRun({ ...choice, run });
      const { state } = readState(found);
      const owned = isOwned(found.paths.folder);
      return {
        run,
        state: stateName(state, owned),
        items: state.plan?.count ?? 0,
        done: tally(state, NOTHING_UNDERWAY).done,
        failed: state.failures.size,
        startedAt: state.startedAt ?? Date.parse(found.manifest.createdAt),
        ms: state.startedAt === undefined ? null : (state.endedAt ?? (owned ? Date.now() : state.lastAt)) - state.startedAt,
        output: shown(state.merged?.output ?? found.manifest.settings.output),
      };
    } catch {
      return { run, state: 'unreadable', items: 0, done: 0, failed: 0, startedAt: null, ms: null, output: '' };
    }
  });
}

function stateName(state: RunState, owned: boolean): Status['state'] {
  if (state.closed) return state.closed;
  if (!owned) return 'interrupted';
  if (state.steering.suspendedAt !== undefined) return 'suspended';
  return !state.plan ? 'planning' : state.steering.paused ? 'paused' : 'running';
}

/** What the parent has found stuck, with how long it has been by now. */
function alarmsOf(state: RunState): AlarmStatus[] {
  return [...state.running.values()].flatMap(({ alarm }) => {
    if (!alarm) return [];
    const { shard, batch, quietMs, p99Ms, doing, at } = alarm;
    return [{ shard, batch, quietMs: quietMs + Math.max(0, Date.now() - at), p99Ms, doing }];
  });
}

/** The attempts that a parent is at, with what it has said of them; the journal may know of newer ones. */
function underwayOf(state: RunState, live: Snapshot | undefined): Underway {
  return {
    attempts: [...state.running.values()],
    settled({ slot, shard, batch }) {
      const view = live?.slots[slot];
      return view?.shard === shard && view.batch === batch ? view.done : 0;
    },
  };
}

function shardsOf(state: RunState, paths: RunPaths, underway: Underway, live: Snapshot | undefined): ShardStatus[] {
  const { plan } = state;
  if (!plan) return [];
  const byShard = new Map<number, Running>();
  for (const attempt of underway.attempts) if (!byShard.has(attempt.shard) || !attempt.stolen) byShard.set(attempt.shard, attempt);
  const failed = new Map<number, number>();
  for (const index of state.failures.keys()) failed.set(state.shardOf(index), (failed.get(state.shardOf(index)) ?? 0) + 1);
  return plan.shards.map(([start, end], index) => {
    const attempt = byShard.get(index);
    const slots = live?.slots.filter(({ shard, total }) => shard === index && total > 0) ?? [];
    const own = slots.find(({ stolen }) => !stolen) ?? slots[0];
    const failures = failed.get(index) ?? 0;
    const isOwed = !state.owed.within(start, end).next().done;
    return {
      index,
      start,
      end,
      state: attempt ? 'running' : isOwed ? 'waiting' : failures > 0 ? 'failed' : 'done',
      done: tally(state, underway, start, end).done,
      failed: failures,
      rows: rowsOf(state.coverage.within(start, end), state.commits),
      attempts: (state.attempts[index] ?? []).reduce((sum, attempts) => sum + attempts, 0),
      pid: own?.pid ?? pidOf(state, attempt),
      rssBytes: own?.rssBytes ?? null,
      peakRssBytes: Math.max(state.totals.peaks[index] ?? 0, ...slots.map(({ peakRssBytes }) => peakRssBytes ?? 0)) || null,
      ...(own?.waitedMs === undefined ? {} : { waitedMs: own.waitedMs }),
      log: shown(logOf(paths.logs, { shard: index, batch: 0, stolen: false })),
    };
  });
}

function pidOf(state: RunState, attempt: Running | undefined): number | null {
  return attempt ? (state.children.get(attempt.child)?.pid ?? null) : null;
}

/** What the parent that is at work wrote in the last seconds. */
function readLive(paths: RunPaths): Snapshot | undefined {
  try {
    // Written by the parent alone, whole or not at all.
    return JSON.parse(readFileSync(paths.live, 'utf8')) as Snapshot;
  } catch {
    return undefined;
  }
}
