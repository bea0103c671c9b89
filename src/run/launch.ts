import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../core/errors.ts';
import { checkRunName, defaultRunName, workerName } from '../core/names.ts';
import type { LaunchOptions } from '../core/options.ts';
import type { Report } from '../core/report.ts';
import { RunState } from '../core/state.ts';
import { startGuard } from '../executors/guard.ts';
import { asDiskError } from '../store/disk-error.ts';
import { Journal } from '../store/journal.ts';
import { takeLock } from '../store/lock.ts';
import { type Manifest, readManifest, writeManifest, writePlan } from '../store/manifest.ts';
import { runPaths, type RunPaths } from '../store/paths.ts';
import { sessionToken, startTime } from '../store/processes.ts';
import { parseOutput } from '../formats/output.ts';
import { settingsOf } from './defaults.ts';
import { callSettings, checkCache } from './caching.ts';
import { childEnvironment } from './environment.ts';
import type { Session } from './handle.ts';
import { checkOutput } from './merge.ts';
import { commandFor, resumeHint } from './next-command.ts';
import { planItems, planOf } from './planning.ts';
import { VERSION } from './version.ts';
import { Work } from './work.ts';

/** Plans a new run, freezes the plan, and works through it. */
export async function launchRun(options: LaunchOptions, session: Session): Promise<Report> {
  const since = Date.now();
  const worker = resolve(options.worker);
  const sha256 = hashWorker(worker);
  const dataDir = resolve(options.dataDir ?? 'data');
  const logsDir = resolve(options.logsDir ?? 'logs');
  const { paths, made } = claimFolder(options, dataDir, logsDir, since);
  const lock = takeLock(paths.folder, paths.run);
  const token = randomBytes(16).toString('hex');
  const mark = sessionToken(token, 1);
  const guard = startGuard(mark);
  let isRun = false;
  try {
    refuseKnown(paths, options);
    clear(paths);
    const early = settingsOf({ ...options, worker }, paths, { count: 1 });
    checkOutput(early.output, [worker, options.items]);
    const cacheFaults = await checkCache(callSettings(early).cache);
    const env = childEnvironment(dataDir, mark);
    const params = options.params ?? {};
    const planned = await planItems({
      worker,
      params,
      items: options.items,
      key: options.key,
      limit: options.limit,
      folder: paths.folder,
      index: 0,
      earlier: [],
      nodeArgs: early.nodeArgs,
      env,
      signal: session.signal,
      guard,
    });
    const settings = settingsOf({ ...options, worker }, paths, planned);
    const plan = planOf(planned, 0, settings);
    const { format } = parseOutput(settings.output);
    const manifest: Manifest = {
      version: 1,
      run: paths.run,
      createdAt: new Date(since).toISOString(),
      shardyard: VERSION,
      node: process.version,
      token,
      worker: { file: worker, sha256 },
      params,
      columns: planned.columns,
      partFormat: format === 'csv' && planned.columns ? 'csv' : 'ndjson',
      settings,
    };
    mkdirSync(paths.parts, { recursive: true });
    makeFolder(paths.logs, 'the folder of its logs', '--logs-dir');
    await writePlan(paths.folder, plan);
    await writeManifest(paths.folder, manifest);
    isRun = true;
    session.planned({ run: paths.run, folder: paths.folder, logs: paths.logs });
    const state = new RunState([plan]);
    const journal = new Journal(paths.journal, 0);
    const work = new Work({
      state,
      journal,
      manifest,
      settings,
      paths,
      folders: { dataDir: options.dataDir, logsDir: options.logsDir },
      guard,
      env,
      token: mark,
      since,
      planning: Date.now() - since,
      onEvent: (event) => session.emit(event),
    });
    const { processes, retries } = settings;
    work.emit({
      type: 'opened',
      mode: 'run',
      pid: process.pid,
      pidStart: startTime(process.pid) ?? '',
      version: VERSION,
      processes,
      retries,
      worker: sha256,
    });
    for (const message of cacheFaults) work.emit({ type: 'warned', message });
    work.emit({ type: 'planned', plan: 0, items: plan.count, shards: plan.shards.length, batchSize: plan.batchSize });
    session.attach({ snapshot: () => work.snapshot(), stop: (why) => work.stop(why) });
    return await work.run();
  } catch (error) {
    throw asDiskError(error, isRun ? resumeHint(paths.run, options) : 'make room or mend the folder, and start it again');
  } finally {
    guard.close();
    lock.release();
    if (!isRun) abandon(paths, made);
  }
}

/** The SHA-256 of a worker's file. What it imports is not looked at. */
export function hashWorker(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new UserError(
      missing ? 'there is no such worker' : `the worker cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        place: { file },
        hint: 'give the path of a .js, .mjs or .ts module whose default export is a worker (`shardyard init` writes one)',
      },
    );
  }
}

/** Makes the run's folder. A folder without a manifest is not a run, and is taken over. */
function claimFolder(options: LaunchOptions, dataDir: string, logsDir: string, at: number): { paths: RunPaths; made: string | undefined } {
  const base = options.name === undefined ? defaultRunName(workerName(options.worker), at) : checkRunName(options.name);
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    const paths = runPaths(dataDir, logsDir, name);
    refuseKnown(paths, options, options.name === undefined ? () => undefined : undefined);
    const made = makeFolder(paths.folder, "the run's folder", '--data-dir');
    // Two runs that start in the same second get two names.
    if (options.name === undefined && made === undefined) continue;
    return { paths, made };
  }
}

function refuseKnown(paths: RunPaths, options: LaunchOptions, otherwise?: () => void): void {
  if (readManifest(paths.folder) === undefined) return;
  if (otherwise) return otherwise();
  throw new UserError(`there is a run ${paths.run} already`, {
    hint: `finish it with \`${commandFor('resume', paths.run, options)}\`, or choose another --name`,
  });
}

/** Makes a folder and those above it; gives the topmost that was made. */
function makeFolder(folder: string, what: string, flag: string): string | undefined {
  try {
    return mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UserError(`${what} cannot be made: ${error instanceof Error ? error.message : String(error)}`, {
      place: { file: folder },
      hint: `choose another ${flag}, or mend its permissions`,
    });
  }
}

/** Takes away what a launch that never became a run has left. */
function clear({ folder }: RunPaths): void {
  for (const name of readdirSync(folder)) {
    if (/^(parts|journal\.ndjson|live\.json|plan-\d+\.json|items-\d+\.ndjson)(\.tmp)?(\.offsets)?(\.tmp)?$/.test(name))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Nothing came of it: takes away what was made for it, and the folders above it that are empty again. */
function abandon(paths: RunPaths, made: string | undefined): void {
  const { folder } = paths;
  if (made === undefined) return clear(paths);
  rmSync(folder, { recursive: true, force: true });
  for (let parent = dirname(folder); parent.length >= made.length; parent = dirname(parent)) {
    try {
      rmdirSync(parent);
    } catch {
      return;
    }
  }
}
