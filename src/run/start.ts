import { resolve } from 'node:path';
import type { RunChoice } from '../core/api.ts';
import { UserError } from '../core/errors.ts';
import type { LaunchOptions, ResumeOptions } from '../core/options.ts';
import type { Report } from '../core/report.ts';
import { parseOutput } from '../formats/output.ts';
import { isOwned } from '../store/lock.ts';
import type { Manifest } from '../store/manifest.ts';
import { continueRun } from './continue.ts';
import { findRun, runNames } from './find-run.ts';
import type { Session } from './handle.ts';
import { launchRun } from './launch.ts';
import { gridOf } from './sweep.ts';
import { identify } from './worker-identity.ts';
import { readState } from './replay.ts';

/** Starts a run, or the one that the same options have planned, and perhaps measured, before: what it has done counts. */
export async function startRun(options: LaunchOptions, session: Session): Promise<Report> {
  const planned = plannedBefore(options);
  return planned ? continueRun({ mode: 'resume' }, planned, session) : launchRun(options, session);
}

/**
 * The run of that name, or the latest one, if it has never been started and is about the same worker, items and parameters; with what
 * else is to be as now given, as a resume takes it.
 */
function plannedBefore(options: LaunchOptions): ResumeOptions | undefined {
  const { items, key, limit, params = {}, grid, name, shards, batchSize, worker, ...rest } = options;
  const run = name ?? runNames(resolve(options.dataDir ?? 'data')).at(-1);
  const manifest = run === undefined ? undefined : manifestOf({ ...options, run });
  if (run === undefined || !manifest?.isPlanned) return undefined;
  const { settings } = manifest;
  const { file, sha256, command } = identify(options);
  const isSame =
    manifest.worker.file === file &&
    manifest.worker.sha256 === sha256 &&
    settings.items === items &&
    settings.key === key &&
    settings.limit === limit &&
    JSON.stringify(settings.grid ?? []) === JSON.stringify(gridOf({ params, ...(grid ? { grid } : {}) }) ?? []) &&
    (parseOutput(options.output ?? settings.output).format === 'csv') === (parseOutput(settings.output).format === 'csv') &&
    (!command || JSON.stringify(manifest.columns) === JSON.stringify(options.columns ?? null)) &&
    JSON.stringify(manifest.params) === JSON.stringify(params);
  if (!isSame || !isUntouched({ ...options, run })) return undefined;
  return {
    ...rest,
    run,
    ...(command ? {} : { worker }),
    // A list may be another by now; its items are matched by key. A range is what it says.
    ...(items === undefined || /^\d+:\d+$/.test(items) ? {} : { items }),
    // What is as it was needs no new plan.
    ...(shards === undefined || shards === settings.shards ? {} : { shards }),
    ...(batchSize === undefined || batchSize === settings.batchSize ? {} : { batchSize }),
  };
}

/** The manifest of a run; `undefined` where there is none that can be read: then there is nothing to go on with. */
function manifestOf(choice: RunChoice): Manifest | undefined {
  try {
    return findRun(choice).manifest;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function isUntouched(choice: RunChoice): boolean {
  const found = findRun(choice);
  return !isOwned(found.paths.folder) && readState(found).state.scope.isOnlyPlanned;
}
