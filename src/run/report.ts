import type { BudgetView } from '../core/budget-view.ts';
import { callReport } from '../core/call-stats.ts';
import { tolerates } from '../core/halt.ts';
import { STOP_CODES } from '../core/exit-codes.ts';
import type { EndState, ItemFailure } from '../core/events.ts';
import { type FailureRow, MOST_LISTED, type Report } from '../core/report.ts';
import type { RunState } from '../core/state.ts';
import { NOTHING_UNDERWAY, tally } from '../core/tally.ts';
import type { Manifest, RunSettings } from '../store/manifest.ts';
import { type RunPaths, shown } from '../store/paths.ts';
import { artifactReport } from './artifact-list.ts';
import { logOf } from './attempt-log.ts';
import { moreBudget } from './call-limits.ts';
import { commandFor } from './next-command.ts';
import type { Folders } from './snapshot.ts';
import { stoppedBy } from './stopped.ts';

/** Milliseconds, and moments in milliseconds since 1970. */
export interface Times {
  readonly since: number;
  readonly planning: number;
  merging: number;
}

export interface ReportOptions {
  readonly state: RunState;
  readonly settings: RunSettings;
  readonly manifest: Manifest;
  readonly paths: RunPaths;
  readonly folders: Folders;
  readonly times: Times;
  readonly budgets: readonly BudgetView[];
}

/** What a session has come to. */
export function reportOf({ state, settings, manifest, paths, folders, times, budgets }: ReportOptions): Report {
  const all = inOrder(state);
  const failures = failureRows(state, paths.logs);
  const { total, done } = tally(state, NOTHING_UNDERWAY);
  const end: EndState = state.closed ?? 'stopped';
  const failedByCause: Report['failedByCause'] = {};
  for (const { cause } of all) Object.assign(failedByCause, { [cause]: (failedByCause[cause] ?? 0) + 1 });
  const { merged, totals } = state;
  const wall = Date.now() - times.since - totals.stopped;
  const scope = scopeOf(state);
  const judged = scope ?? { failed: all.length, total };
  return {
    version: 1,
    run: manifest.run,
    state: end,
    exitCode: state.stopping ? STOP_CODES[state.stopping.why] : tolerates(settings.maxFailures, judged.failed, judged.total) ? 0 : 1,
    stopped: stoppedBy(state, paths.logs, settings.halt),
    items: { total, done, failed: all.length, owed: state.owed.size },
    ...(scope ? { scope } : {}),
    rows: end !== 'stopped' && merged ? merged.rows : state.rows,
    failedByCause,
    failures,
    failuresLeftOut: all.length - failures.length,
    keptOldRows: all.filter(({ index }) => state.coverage.has(index)).map(({ key }) => key),
    retries: totals.retries,
    calls: callReport(totals.calls.stats),
    children: { started: totals.childrenStarted, died: totals.childrenDied, peakRssBytes: totals.peakRss },
    parentPeakRssBytes: process.resourceUsage().maxRSS * 1024,
    time: { wall, planning: times.planning, setup: totals.setupMs, items: totals.itemMs, writing: totals.writeMs, merging: times.merging },
    speedUp: totals.itemMs > 0 && wall > 0 ? totals.itemMs / wall : null,
    output:
      end !== 'stopped' && merged ? { file: shown(merged.output), rows: merged.rows, bytes: merged.bytes, sha256: merged.sha256 } : null,
    ...artifactReport(state, paths),
    folder: shown(paths.folder),
    logs: shown(paths.logs),
    next:
      // What is refused would be refused again: the reason names what can be done.
      state.stopping?.why === 'merge'
        ? null
        : end === 'stopped'
          ? commandFor('resume', manifest.run, folders, moreBudget(state, settings))
          : all.length > 0
            ? commandFor('rerun', manifest.run, folders, ' --failed')
            : null,
    warnings: state.warnings,
    ...(budgets.length === 0
      ? {}
      : { budgets: budgets.map(({ name, rpmLimit, freeAt, totals: charged }) => ({ name, rpmLimit, freeAt, ...charged })) }),
  };
}

/** How the part of the run stands that the session was limited to, if it was. */
function scopeOf(state: RunState): Report['scope'] {
  const { positions } = state.scope;
  if (!positions) return undefined;
  const failed = [...state.failures.keys()].filter((index) => positions.has(index)).length;
  let done = 0;
  for (const [start, end] of positions.spans()) done += state.coverage.countWithin(start, end);
  return { total: positions.size, done, failed };
}

/** The first failed items, in item order, each with the log of its shard. */
export function failureRows(state: RunState, logs: string): FailureRow[] {
  return inOrder(state)
    .slice(0, MOST_LISTED)
    .map(({ index, key, cause, message, tries, evidence = null }) => {
      const shard = state.shardOf(index);
      return {
        index,
        key,
        shard,
        cause,
        message,
        tries,
        evidence,
        log: shown(logOf(logs, state.failureLogs.get(index) ?? { shard, batch: 0, stolen: false })),
      };
    });
}

const inOrder = ({ failures }: RunState): ItemFailure[] => [...failures.values()].toSorted((a, b) => a.index - b.index);
