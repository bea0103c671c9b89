import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { arrangementOf } from '../core/arrangement.ts';
import { UserError } from '../core/errors.ts';
import { moveSpans } from '../core/coverage.ts';
import { IntervalSet } from '../core/intervals.ts';
import { parseAttemptName } from '../core/names.ts';
import type { RerunChoice, ResumeOptions } from '../core/options.ts';
import type { Report } from '../core/report.ts';
import type { RunState } from '../core/state.ts';
import { startGuard, type Guard } from '../executors/guard.ts';
import { parseOutput } from '../formats/output.ts';
import { asDiskError } from '../store/disk-error.ts';
import { Journal } from '../store/journal.ts';
import { takeLock } from '../store/lock.ts';
import { type Manifest, type RunSettings } from '../store/manifest.ts';
import { endLeftovers, sessionToken, startTime } from '../store/processes.ts';
import { withoutArtifacts } from './artifact-list.ts';
import { cacheName, callSettings, checkCache } from './caching.ts';
import { childEnvironment } from './environment.ts';
import { findRun, type Found } from './find-run.ts';
import type { Session } from './handle.ts';
import { checkArrangement, resolved } from './arrange.ts';
import { checkCopied } from './check-copied.ts';
import { checkOutput } from './check-output.ts';
import { commandFor, resumeHint } from './next-command.ts';
import { withLogin } from './passwords.ts';
import { readState } from './replay.ts';
import { VERSION } from './version.ts';
import { Work } from './work.ts';
import { budgetsOf, openGovernor } from './budgets.ts';
import { chosen, failedSpans } from './choose.ts';
import { identifyAgain } from './worker-identity.ts';
import { forgetColumns } from '../store/agreed-columns.ts';
import { adopt, announce, gridOfPlan, replan, shapeOfRows } from './replan.ts';
import { sweepUnfinished } from './unfinished.ts';

/** What a later session is to do: everything that is not done, or some of it again. */
export type Continuation =
  | { readonly mode: 'resume' }
  | { readonly mode: 'rerun'; readonly choice: RerunChoice }
  /** Some shards alone, such as `0,3,5-9`: what is not done of them. */
  | { readonly mode: 'shard'; readonly shards: string };

/** Opens a run again and does what is owed. */
export async function continueRun(what: Continuation, options: ResumeOptions, session: Session): Promise<Report> {
  const since = Date.now();
  const found = findRun(options);
  const { paths, manifest } = found;
  const lock = takeLock(paths.folder, paths.run);
  let guard: Guard | undefined;
  let governor: Awaited<ReturnType<typeof openGovernor>> | undefined;
  try {
    const { state, length } = readState(found);
    const worker = checkWorker(state, found, options);
    const settings = settingsFor(manifest, options, found);
    const cacheFaults = await checkCache(callSettings(settings).cache);
    const left = [...state.children.values()].map(({ pid, pidStart }) => ({ pid, pidStart }));
    await endLeftovers(left, manifest.token);
    sweepUnfinished(paths.folder);
    rmSync(join(paths.folder, 'collected'), { recursive: true, force: true });
    const mark = sessionToken(manifest.token, state.session + 1);
    guard = startGuard(mark);
    await guard.started;
    const env = childEnvironment(resolve(options.dataDir ?? 'data'), mark);
    // Whatever can be refused is refused before the journal gets a line.
    const again = what.mode === 'rerun' && what.choice.kind !== 'failed' ? chosen(state, what.choice, found) : undefined;
    const scope = what.mode === 'shard' ? chosen(state, { kind: 'shards', shards: what.shards }, found) : undefined;
    const next = await replan(state, found, options, { settings, hasChanged: worker.changed, env, guard, signal: session.signal });
    const rows = next?.plan.rows ?? shapeOfRows(state, manifest);
    await checkArrangement(settings, rows.columns);
    governor = await openGovernor(settings, resolve(options.dataDir ?? 'data'));
    // Somebody may have cleaned up.
    for (const folder of [paths.parts, paths.logs]) mkdirSync(folder, { recursive: true });
    const journal = new Journal(paths.journal, length);
    session.planned({ run: paths.run, folder: paths.folder, logs: paths.logs });
    const work = new Work({
      state,
      journal,
      manifest: {
        ...manifest,
        ...rows,
        ...gridOfPlan(next?.plan ?? state.plans.at(-1)),
        worker: { file: worker.file, sha256: worker.sha256 },
      },
      settings: { ...settings, batchSize: next?.plan.batchSize ?? settings.batchSize },
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
    const { processes, retries } = settings;
    const pidStart = startTime(process.pid) ?? '';
    const changed = worker.changed ? { changed: options.changed ?? 'keep' } : {};
    work.emit({
      type: 'opened',
      mode: what.mode,
      pid: process.pid,
      pidStart,
      version: VERSION,
      processes,
      retries,
      worker: worker.sha256,
      ...changed,
    });
    if (options.changed === 'fresh') forgetColumns(paths.folder);
    for (const message of cacheFaults) work.emit({ type: 'warned', message });
    if (!state.plan) announce(work, state.plans[0]);
    learnNames(state, paths.parts);
    work.salvage();
    if (next) adopt(work, state, next);
    const spans =
      again && next ? [...moveSpans(next.plan.moves, next.plan.index - 1, new IntervalSet(again))] : (again ?? failedSpans(state, scope));
    const missing = withoutArtifacts(state, paths);
    if (spans.length + missing.length > 0) work.emit({ type: 'owed', spans: new IntervalSet([...spans, ...missing]).spans() });
    if (scope) work.emit({ type: 'scoped', spans: scope });
    session.attach(work);
    return await work.run();
  } catch (error) {
    throw asDiskError(error, resumeHint(paths, options));
  } finally {
    await governor?.close();
    guard?.close();
    lock.release();
  }
}

function checkWorker(
  state: RunState,
  { manifest, paths }: Found,
  options: ResumeOptions,
): { file: string; sha256: string; changed: boolean } {
  const { file, sha256 } = identifyAgain(manifest, options);
  const changed = sha256 !== state.worker;
  if (changed && options.changed === undefined) {
    throw new UserError('the worker has changed since these rows were made', {
      place: { file },
      hint: `\`${commandFor('resume', paths.run, options, ' --keep')}\` keeps them, --fresh makes all of them again`,
    });
  }
  const given = options.params;
  if (given && JSON.stringify(manifest.params) !== JSON.stringify({ ...manifest.params, ...given })) {
    throw new UserError('the parameters of a run cannot change: its rows were made with them', {
      hint: 'start another run with the new ones',
    });
  }
  return { file, sha256, changed: changed || options.changed === 'fresh' };
}

function settingsFor({ settings, partFormat, columns, command }: Manifest, options: ResumeOptions, { manifest }: Found): RunSettings {
  const output = options.output === undefined ? settings.output : resolve(options.output);
  checkOutput(output);
  checkCopied(partFormat, output, arrangementOf(settings, options));
  if (partFormat === 'csv' && parseOutput(output).format !== 'csv' && !columns)
    throw new Error(`${manifest.run} has CSV parts without columns`);
  if (command && (options.concurrency ?? 1) > 1)
    throw new UserError('--concurrency is for worker modules: a command is one process for each batch', { hint: 'use more --processes' });
  const processes = options.processes ?? settings.processes;
  const budgets = budgetsOf(options, settings.budgets);
  const cache =
    options.cache === undefined ? withLogin(settings.cache, options.cacheLogin) : cacheName(options.cache, options.dataDir ?? 'data');
  return {
    ...settings,
    processes,
    output,
    spares: options.spares ?? (options.processes === undefined ? settings.spares : Math.ceil(processes / 4)),
    concurrency: options.concurrency ?? settings.concurrency,
    stagger: options.stagger ?? settings.stagger,
    nodeArgs: options.nodeArgs ?? settings.nodeArgs,
    retries: options.retries ?? settings.retries,
    batchTimeout: options.batchTimeout ?? settings.batchTimeout,
    maxFailures: options.maxFailures ?? settings.maxFailures,
    strictColumns: options.strictColumns ?? settings.strictColumns,
    ...resolved(arrangementOf(options)),
    ...(budgets === undefined ? {} : { budgets }),
    ...(cache === undefined ? {} : { cache }),
    ...(options.cacheTtl === undefined ? {} : { cacheTtl: options.cacheTtl }),
    ...(options.cacheSize === undefined ? {} : { cacheSize: options.cacheSize }),
    ...(options.maxCalls === undefined ? {} : { maxCalls: options.maxCalls }),
    ...(options.maxTokens === undefined ? {} : { maxTokens: options.maxTokens }),
    ...(options.maxCost === undefined ? {} : { maxCost: options.maxCost }),
    ...(options.itemTimeout === undefined ? {} : { itemTimeout: options.itemTimeout }),
    ...(options.stallTimeout === undefined ? {} : { stallTimeout: options.stallTimeout }),
    ...(options.maxRss === undefined ? {} : { maxRss: options.maxRss }),
    ...(options.memoryFree === undefined ? {} : { memoryFree: options.memoryFree }),
    ...(options.halt === undefined ? {} : { halt: options.halt }),
  };
}

/** After a power cut there may be files that the journal does not know; their names are taken. */
function learnNames(state: RunState, parts: string): void {
  for (const name of readdirSync(parts)) {
    const id = parseAttemptName(name);
    if (id) (state.attempts[id.shard] ??= [])[id.batch] = Math.max(state.attempts[id.shard]?.[id.batch] ?? 0, id.attempt);
  }
}
