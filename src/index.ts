import type { MergeOptions, MergeResult, PlanPreview, Replayed, ReplayOptions, RunChoice, RunInfo } from './core/api.ts';
import type { Calibration } from './core/calibration.ts';
import type { ControlRequest } from './core/control.ts';
import type { RunHandle } from './core/handle.ts';
import type { LaunchOptions, RerunChoice, ResumeOptions } from './core/options.ts';
import type { Status } from './core/report.ts';
import type { Verified } from './core/verification.ts';
import { runHandle } from './run/handle.ts';

export { defineWorker, UnrecoverableError } from './core/worker.ts';
export { UserError } from './core/errors.ts';
export { BadAnswerError, CallError } from './core/call-error.ts';
export type * from './core/calling.ts';
export type * from './core/permit.ts';
export type { CallReport, CallStats } from './core/call-stats.ts';
export type { Amounts } from './core/spending.ts';
export type * from './core/worker.ts';
export type * from './core/column-type.ts';
export type * from './core/events.ts';
export type * from './core/evidence.ts';
export type * from './core/report.ts';
export type * from './core/options.ts';
export type * from './core/handle.ts';
export type { ControlAnswer, ControlRequest } from './core/control.ts';
export type * from './core/api.ts';
export type { Difference, Verification, Verified } from './core/verification.ts';
export type { GivenGrid } from './core/grid.ts';
export type * from './core/calibration.ts';

/** Outside control over a run: aborting the signal is the first `stop()`. */
export interface Control {
  readonly signal?: AbortSignal;
}

/**
 * Plans a run, launches its children, watches them and merges what they made. Returns at once; iterate the handle for the events,
 * await `report` for the end. Everything heavy is imported only now: a worker imports this module too, in every child.
 */
export function launch(options: LaunchOptions, control: Control = {}): RunHandle {
  return runHandle(async (session) => (await import('./run/start.ts')).startRun(options, session), control);
}

/**
 * Does a run, then all of it again with one process, and says whether both have made the same bytes, and where the time went. `onRun` is handed each
 * of the two runs as it is launched; aborting the signal stops them.
 */
export async function verify(
  options: LaunchOptions,
  { signal, onRun }: Control & { readonly onRun?: (run: RunHandle) => Promise<unknown> | void } = {},
): Promise<Verified> {
  const { verifyRun } = await import('./run/verify.ts');
  return verifyRun(options, async (one) => {
    const handle = launch(one, signal ? { signal } : {});
    await onRun?.(handle);
    return handle.report;
  });
}

/** Does what a run has left undone, failed items included. */
export function resume(options: ResumeOptions = {}, control: Control = {}): RunHandle {
  return runHandle(async (session) => (await import('./run/continue.ts')).continueRun({ mode: 'resume' }, options, session), control);
}

/** Does failed items, whole shards or single items again, then merges again. */
export function rerun(choice: RerunChoice = { kind: 'failed' }, options: ResumeOptions = {}, control: Control = {}): RunHandle {
  return runHandle(
    async (session) => (await import('./run/continue.ts')).continueRun({ mode: 'rerun', choice }, options, session),
    control,
  );
}

/**
 * Freezes the plan of a run, and runs `items` of its items for real, one at a time; none: it only freezes. A run like any other that is
 * stopped, until `resume`, `shard` or a `launch` with the same options goes on with it.
 */
export function freeze(options: LaunchOptions, sample: { readonly items: number } = { items: 0 }, control: Control = {}): RunHandle {
  return runHandle(async (session) => (await import('./run/launch.ts')).launchRun(options, session, sample), control);
}

/** What the items that a run has done so far say about the rest, where they were measured by `freeze`. */
export async function calibration(choice: RunChoice = {}): Promise<Calibration> {
  return (await import('./run/calibration.ts')).calibrationOf(choice);
}

/** Does some shards of a run alone, such as `0,3,5-9`: what is not done of them, failed items included. */
export function shard(shards: string, options: ResumeOptions = {}, control: Control = {}): RunHandle {
  return runHandle(
    async (session) => (await import('./run/continue.ts')).continueRun({ mode: 'shard', shards }, options, session),
    control,
  );
}

/** Does one item of a run in the foreground, in one child; commits nothing. */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  return (await import('./run/replay-item.ts')).replayItem(options);
}

/** The shards and batches that `launch` would make; launches nothing. */
export async function plan(options: LaunchOptions): Promise<PlanPreview> {
  return (await import('./run/preview.ts')).previewPlan(options);
}

/** How a run stands, from any process. */
export async function status(choice: RunChoice = {}): Promise<Status> {
  return (await import('./run/inspect.ts')).statusOf(choice);
}

/** Steers a run that is going on in another process; gives what that one says. Rejects with a `UserError` where it cannot be done. */
export async function ctl(choice: RunChoice, request: ControlRequest): Promise<string> {
  return (await import('./run/control-client.ts')).controlRun(choice, request);
}

/** Merges a run again. */
export async function merge(options: MergeOptions = {}): Promise<MergeResult> {
  return (await import('./run/maintain.ts')).mergeAgain(options);
}

/** All runs of a data folder, the oldest first. */
export async function listRuns(choice: RunChoice = {}): Promise<readonly RunInfo[]> {
  return (await import('./run/inspect.ts')).listRuns(choice);
}

/** Deletes a run's folders; gives what was deleted. */
export async function clean(choice: RunChoice & { readonly run: string }): Promise<readonly string[]> {
  return (await import('./run/maintain.ts')).cleanRun(choice);
}
