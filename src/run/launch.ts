import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../core/errors.ts';
import { checkRunName, defaultRunName, workerName } from '../core/names.ts';
import type { LaunchOptions } from '../core/options.ts';
import type { Report } from '../core/report.ts';
import { RunState } from '../core/state.ts';
import { startGuard } from '../executors/guard.ts';
import { asDiskError, isExhausted } from '../store/disk-error.ts';
import { Journal } from '../store/journal.ts';
import { takeLock } from '../store/lock.ts';
import { type Manifest, readManifest, writeManifest, writePlan } from '../store/manifest.ts';
import { runPaths, type RunPaths } from '../store/paths.ts';
import { sessionToken, startTime } from '../store/processes.ts';
import { parseOutput } from '../formats/output.ts';
import { settingsOf } from './defaults.ts';
import { openGovernor } from './budgets.ts';
import { callSettings, checkCache } from './caching.ts';
import { childEnvironment } from './environment.ts';
import type { Session } from './handle.ts';
import { checkArrangement } from './arrange.ts';
import { checkOutput } from './check-output.ts';
import { commandFor, resumeHint } from './next-command.ts';
import { withoutPasswords } from './passwords.ts';
import { planItems, planOf } from './planning.ts';
import { forSample, type Sample, sampleOf } from './scope.ts';
import { gridOf } from './sweep.ts';
import { VERSION } from './version.ts';
import { identify, partFormatOf } from './worker-identity.ts';
import { Work } from './work.ts';

const TRY_AGAIN = 'make room or mend the folder, and start it again';

/** Plans a new run, freezes the plan, and works through it; through no more than the `sample` where there is one. */
export async function launchRun(given: LaunchOptions, session: Session, sample?: Sample): Promise<Report> {
  const since = Date.now();
  const { file: worker, sha256, command, name } = identify(given);
  const grid = gridOf(given);
  const options: LaunchOptions = { ...given, worker: name };
  const dataDir = resolve(options.dataDir ?? 'data');
  const logsDir = resolve(options.logsDir ?? 'logs');
  const { paths, made } = claimFolder(options, dataDir, logsDir, since);
  const lock = takeLock(paths.folder, paths.run);
  const token = randomBytes(16).toString('hex');
  const mark = sessionToken(token, 1);
  const guard = startGuard(mark);
  let isRun = false;
  let governor: Awaited<ReturnType<typeof openGovernor>> | undefined;
  try {
    await guard.started;
    refuseKnown(paths, options);
    clear(paths);
    const early = settingsOf(options, paths, { count: 1 });
    checkOutput(early.output, [worker, options.items]);
    const cacheFaults = await checkCache(callSettings(early).cache);
    const env = childEnvironment(dataDir, mark);
    const params = options.params ?? {};
    const planned = await planItems({
      worker,
      ...(command ? { command: { ...command, columns: options.columns, isSingle: options.batchSize === 1 } } : {}),
      params,
      items: options.items,
      key: options.key,
      limit: options.limit,
      grid,
      folder: paths.folder,
      index: 0,
      earlier: [],
      nodeArgs: early.nodeArgs,
      env,
      signal: session.signal,
      guard,
    });
    const settings = settingsOf(options, paths, planned);
    await checkArrangement(settings, planned.columns);
    governor = await openGovernor(settings, dataDir);
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
      ...(command ? { command } : {}),
      params,
      ...(planned.grid ? { grid: planned.grid } : {}),
      columns: planned.columns,
      types: planned.types,
      partFormat: command ? partFormatOf(command) : format === 'csv' && planned.columns ? 'csv' : 'ndjson',
      settings: withoutPasswords(settings),
      ...(sample ? { isPlanned: true } : {}),
    };
    mkdirSync(paths.parts, { recursive: true });
    makeFolder(paths.logs, 'the folder of its logs', '--logs-dir');
    await writePlan(paths.folder, plan);
    await writeManifest(paths.folder, manifest);
    isRun = true;
    session.planned({ run: paths.run, folder: paths.folder, logs: paths.logs });
    const state = new RunState([plan]);
    const sessionSettings = sample ? forSample(settings) : settings;
    const journal = new Journal(paths.journal, 0);
    const work = new Work({
      state,
      journal,
      manifest,
      settings: sessionSettings,
      paths,
      folders: { dataDir: options.dataDir, logsDir: options.logsDir },
      guard,
      governor,
      env,
      token: mark,
      since,
      planning: Date.now() - since,
      socket: lock.socket,
      deadline: options.deadline,
      onEvent: (event) => session.emit(event),
    });
    const { processes, retries } = sessionSettings;
    work.emit({
      type: 'opened',
      mode: sample ? 'plan' : 'run',
      pid: process.pid,
      pidStart: startTime(process.pid) ?? '',
      version: VERSION,
      processes,
      retries,
      worker: sha256,
    });
    for (const message of cacheFaults) work.emit({ type: 'warned', message });
    work.emit({ type: 'planned', plan: 0, items: plan.count, shards: plan.shards.length, batchSize: plan.batchSize });
    if (sample) work.emit({ type: 'scoped', spans: sampleOf(state, sample) });
    session.attach(work);
    return await work.run();
  } catch (error) {
    throw asDiskError(error, isRun ? resumeHint(paths, options) : TRY_AGAIN);
  } finally {
    await governor?.close();
    guard.close();
    lock.release();
    if (!isRun) abandon(paths, made);
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
    // A folder that is in the wrong place is the user's mistake, a full disk is nobody's.
    if (error instanceof Error && 'code' in error && isExhausted(String(error.code))) throw asDiskError(error, TRY_AGAIN);
    throw new UserError(`${what} cannot be made: ${error instanceof Error ? error.message : String(error)}`, {
      place: { file: folder },
      hint: `choose another ${flag}, or mend its permissions`,
    });
  }
}

/** Takes away what a launch that never became a run has left. */
function clear({ folder }: RunPaths): void {
  for (const name of readdirSync(folder)) {
    if (/^(parts|journal\.ndjson|live\.json|stops\.json|plan-\d+\.json|items-\d+\.ndjson)(\.tmp)?(\.offsets)?(\.tmp)?$/.test(name))
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
