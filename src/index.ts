import type { MergeOptions, MergeResult, PlanPreview, RunChoice, RunInfo } from './core/api.ts';
import type { RunHandle } from './core/handle.ts';
import type { LaunchOptions, RerunChoice, ResumeOptions } from './core/options.ts';
import type { Status } from './core/report.ts';

export { defineWorker, UnrecoverableError } from './core/worker.ts';
export { UserError } from './core/errors.ts';
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

export function launch(_options: LaunchOptions, _control: Control = {}): RunHandle { throw new Error('being built'); }
export function resume(_options: ResumeOptions = {}, _control: Control = {}): RunHandle { throw new Error('being built'); }
export function rerun(_choice: RerunChoice, _options: ResumeOptions = {}, _control: Control = {}): RunHandle { throw new Error('being built'); }
export async function plan(_options: LaunchOptions): Promise<PlanPreview> { throw new Error('being built'); }
export async function status(_choice: RunChoice = {}): Promise<Status> { throw new Error('being built'); }
export async function merge(_options: MergeOptions = {}): Promise<MergeResult> { throw new Error('being built'); }
export async function listRuns(_choice: RunChoice = {}): Promise<readonly RunInfo[]> { throw new Error('being built'); }
export async function clean(_choice: RunChoice & { readonly run: string }): Promise<readonly string[]> { throw new Error('being built'); }
