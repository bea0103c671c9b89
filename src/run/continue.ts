import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseIndexSet } from '../core/index-set.ts';
import { UserError } from '../core/errors.ts';
import { IntervalSet, type Span } from '../core/intervals.ts';
import { parseAttemptName } from '../core/names.ts';
import { nearest } from '../core/nearest.ts';
import type { RerunChoice, ResumeOptions } from '../core/options.ts';
import type { Plan } from '../core/plan.ts';
import type { Report } from '../core/report.ts';
import type { RunState } from '../core/state.ts';
import { startGuard, type Guard } from '../executors/guard.ts';
import { parseOutput } from '../formats/output.ts';
import { openFrozen, rangeReader } from '../input/reader.ts';
import { asDiskError } from '../store/disk-error.ts';
import { Journal } from '../store/journal.ts';
import { takeLock } from '../store/lock.ts';
import { type Manifest, type RunSettings, writePlan } from '../store/manifest.ts';
import { endLeftovers, sessionToken, startTime } from '../store/processes.ts';
import { childEnvironment } from './environment.ts';
import { findRun, type Found } from './find-run.ts';
import type { Session } from './handle.ts';
import { hashWorker } from './launch.ts';
import { checkOutput } from './merge.ts';
import { commandFor, resumeHint } from './next-command.ts';
import { planItems, planOf } from './planning.ts';
import { shapeOf } from './defaults.ts';
import { readState } from './replay.ts';
import { VERSION } from './version.ts';
import { Work } from './work.ts';

/** What a later session is to do: everything that is not done, or some of it again. */
export type Continuation = { readonly mode: 'resume' } | { readonly mode: 'rerun'; readonly choice: RerunChoice };

/** Opens a run again and does what is owed. */
export async function continueRun(what: Continuation, options: ResumeOptions, session: Session): Promise<Report> {
  const since = Date.now();
  const found = findRun(options);
  const { paths, manifest } = found;
  const lock = takeLock(paths.folder, paths.run);
  let guard: Guard | undefined;
  try {
    const { state, length } = readState(found);
    const worker = checkWorker(state, found, options);
    const settings = settingsFor(manifest, options, found);
    const left = [...state.children.values()].map(({ pid, pidStart }) => ({ pid, pidStart }));
    await endLeftovers(left, manifest.token);
    sweep(paths.folder);
    const mark = sessionToken(manifest.token, state.session + 1);
    guard = startGuard(mark);
    const env = childEnvironment(resolve(options.dataDir ?? 'data'), mark);
    // Whatever can be refused is refused before the journal gets a line.
    const again = what.mode === 'rerun' && !replans(options) ? chosen(state, what.choice, found) : undefined;
    const plan = replans(options) ? await replan(state, found, options, settings, { env, guard, signal: session.signal }) : undefined;
    // Somebody may have cleaned up.
    for (const folder of [paths.parts, paths.logs]) mkdirSync(folder, { recursive: true });
    const journal = new Journal(paths.journal, length);
    session.planned({ run: paths.run, folder: paths.folder, logs: paths.logs });
    const work = new Work({
      state,
      journal,
      manifest: { ...manifest, worker: { file: worker.file, sha256: worker.sha256 } },
      settings: { ...settings, batchSize: plan?.batchSize ?? settings.batchSize },
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
    if (!state.plan) announce(work, state.plans[0]);
    learnNames(state, paths.parts);
    work.salvage();
    if (plan) adopt(work, state, plan.plan, plan.gone);
    const spans = again ?? (what.mode === 'rerun' ? chosen(state, what.choice, found) : failedSpans(state));
    if (spans.length > 0) work.emit({ type: 'owed', spans });
    session.attach({ snapshot: () => work.snapshot(), stop: (why) => work.stop(why) });
    return await work.run();
  } catch (error) {
    throw asDiskError(error, resumeHint(paths.run, options));
  } finally {
    guard?.close();
    lock.release();
  }
}

function checkWorker(
  state: RunState,
  { manifest, paths }: Found,
  options: ResumeOptions,
): { file: string; sha256: string; changed: boolean } {
  const file = options.worker === undefined ? manifest.worker.file : resolve(options.worker);
  const sha256 = hashWorker(file);
  const changed = sha256 !== state.worker;
  if (changed && options.changed === undefined) {
    throw new UserError('the worker has changed since these rows were made', {
      place: { file },
      hint: `\`${commandFor('resume', paths.run, options, ' --keep')}\` keeps them, --fresh makes all of them again`,
    });
  }
  const given = options.params;
  if (given && JSON.stringify(given) !== JSON.stringify({ ...manifest.params, ...given })) {
    throw new UserError('the parameters of a run cannot change: its rows were made with them', {
      hint: 'start another run with the new ones',
    });
  }
  return { file, sha256, changed: changed || options.changed === 'fresh' };
}

function settingsFor({ settings, partFormat, columns }: Manifest, options: ResumeOptions, { manifest }: Found): RunSettings {
  const output = options.output === undefined ? settings.output : resolve(options.output);
  checkOutput(output);
  if (partFormat === 'csv' && parseOutput(output).format !== 'csv' && !columns)
    throw new Error(`${manifest.run} has CSV parts without columns`);
  const processes = options.processes ?? settings.processes;
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
    ...(options.itemTimeout === undefined ? {} : { itemTimeout: options.itemTimeout }),
    ...(options.maxRss === undefined ? {} : { maxRss: options.maxRss }),
    ...(options.halt === undefined ? {} : { halt: options.halt }),
  };
}

/** Whether the items, or how they are split, change. */
const replans = (options: ResumeOptions): boolean =>
  options.items !== undefined ||
  options.limit !== undefined ||
  options.key !== undefined ||
  options.shards !== undefined ||
  options.batchSize !== undefined;

interface Planning {
  readonly env: Readonly<Record<string, string>>;
  readonly guard: Guard;
  readonly signal: AbortSignal;
}

/** A new plan: other items, matched by key with the earlier ones, or the same ones split in another way. */
async function replan(
  state: RunState,
  { paths, manifest }: Found,
  options: ResumeOptions,
  settings: RunSettings,
  planning: Planning,
): Promise<{ plan: Plan; gone: number; batchSize: number }> {
  const index = state.plans.length;
  const last = state.plans[index - 1];
  if (!last) throw new Error('a run without a plan cannot get another');
  const given = {
    shards: options.shards ?? (settings.automatic.shards ? undefined : settings.shards),
    batchSize: options.batchSize ?? (settings.automatic.batchSize ? undefined : settings.batchSize),
  };
  const same = options.items === undefined && options.limit === undefined && options.key === undefined;
  const planned = same
    ? ({
        type: 'planned',
        items: last.items,
        count: last.count,
        columns: manifest.columns,
        moves: [{ to: 0, plan: index - 1, from: 0, length: last.count, step: 1 }],
        defaults: {},
        gone: 0,
      } as const)
    : await planItems({
        worker: options.worker === undefined ? manifest.worker.file : resolve(options.worker),
        params: manifest.params,
        items: options.items ?? settings.items,
        key: options.key ?? settings.key,
        limit: options.limit ?? settings.limit,
        folder: paths.folder,
        index,
        earlier: state.plans,
        nodeArgs: settings.nodeArgs,
        ...planning,
      });
  const plan = planOf(planned, index, shapeOf(planned.count, settings.processes, given));
  await writePlan(paths.folder, plan);
  return { plan, gone: planned.gone, batchSize: plan.batchSize };
}

function announce(work: Work, plan: Plan | undefined): void {
  if (plan) work.emit({ type: 'planned', plan: plan.index, items: plan.count, shards: plan.shards.length, batchSize: plan.batchSize });
}

/** Makes a new plan current and says what it owes. */
function adopt(work: Work, state: RunState, plan: Plan, gone: number): void {
  const before = state.plans.length - 1;
  const failures = new Set(state.failures.keys());
  state.plans.push(plan);
  announce(work, plan);
  let [failed, known] = [0, 0];
  for (const move of plan.moves) {
    known += move.length;
    if (move.plan !== before) continue;
    const low = move.step === 1 ? move.from : move.from - move.length + 1;
    for (const index of failures) if (index >= low && index < low + move.length) failed++;
  }
  work.emit({ type: 'matched', done: state.coverage.size, failed, fresh: plan.count - known, gone });
}

/** Takes away what a session that was killed had not finished. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) if (/\.tmp(\.offsets)?$/.test(name)) rmSync(join(folder, name), { force: true });
}

/** After a power cut there may be files that the journal does not know; their names are taken. */
function learnNames(state: RunState, parts: string): void {
  for (const name of readdirSync(parts)) {
    const id = parseAttemptName(name);
    if (id) (state.attempts[id.shard] ??= [])[id.batch] = Math.max(state.attempts[id.shard]?.[id.batch] ?? 0, id.attempt);
  }
}

const failedSpans = (state: RunState): Span[] =>
  new IntervalSet([...state.failures.keys()].map((index): Span => [index, index + 1])).spans();

/** The positions that a rerun is about. */
function chosen(state: RunState, choice: RerunChoice, { paths }: Found): Span[] {
  const { plan } = state;
  if (!plan || choice.kind === 'failed') return failedSpans(state);
  if (choice.kind === 'shards') {
    const indexes = parseIndexSet(choice.shards, { count: plan.shards.length, what: 'shard' });
    return indexes.flatMap(([start, end]) => plan.shards.slice(start, end));
  }
  const wanted = new Set(choice.keys);
  const spans: Span[] = [];
  const reader =
    plan.items.kind === 'range' ? rangeReader(plan.items.start, plan.items.end) : openFrozen(join(paths.folder, plan.items.file));
  const keys: string[] = [];
  for (const { index, key } of reader.readKeys()) {
    if (wanted.delete(key)) spans.push([index, index + 1]);
    else if (keys.length < 10_000) keys.push(key);
    if (wanted.size === 0) break;
  }
  reader.close();
  const [missing] = wanted;
  if (missing === undefined) return spans;
  const similar = nearest(missing, keys);
  throw new UserError(`the run has no item ${JSON.stringify(missing)}`, {
    hint: similar === undefined ? 'items are named by their key' : `did you mean ${JSON.stringify(similar)}?`,
  });
}
