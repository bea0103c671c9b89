import type { MergeOptions, MergeResult, PlanPreview, RunChoice, RunInfo } from './core/api.ts';
import type { RunHandle } from './core/handle.ts';
import type { LaunchOptions, RerunChoice, ResumeOptions } from './core/options.ts';
import type { Status } from './core/report.ts';
import { runHandle } from './run/handle.ts';

export { defineWorker, UnrecoverableError } from './core/worker.ts';
export { UserError } from './core/errors.ts';
export { CallError } from './core/call-error.ts';
export type * from './core/calling.ts';
export type * from './core/permit.ts';
export type { CallReport, CallStats } from './core/call-stats.ts';
export type { Amounts } from './core/spending.ts';
export type * from './core/worker.ts';
export type * from './core/events.ts';
export type * from './core/report.ts';
export type * from './core/options.ts';
export type * from './core/handle.ts';
export type * from './core/api.ts';

/** Outside control over a run: aborting the signal is the first `stop()`. */
export interface Control {
  readonly signal?: AbortSignal;
}

/**
 * Plans a run, launches its children, watches them and merges what they made. Returns at once; iterate the handle for the events,
 * await `report` for the end. Everything heavy is imported only now: a worker imports this module too, in every child.
 */
export function launch(options: LaunchOptions, control: Control = {}): RunHandle {
  return runHandle(async (session) => (await import('./run/launch.ts')).launchRun(options, session), control);
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

/** The shards and batches that `launch` would make; launches nothing. */
export async function plan(options: LaunchOptions): Promise<PlanPreview> {
  return (await import('./run/preview.ts')).previewPlan(options);
}

/** How a run stands, from any process. */
export async function status(choice: RunChoice = {}): Promise<Status> {
  return (await import('./run/inspect.ts')).statusOf(choice);
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
