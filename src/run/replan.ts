import { resolve } from 'node:path';
import type { ResumeOptions } from '../core/options.ts';
import type { Plan } from '../core/plan.ts';
import type { RunState } from '../core/state.ts';
import type { Guard } from '../executors/guard.ts';
import { type RunSettings, writePlan } from '../store/manifest.ts';
import { shapeOf } from './defaults.ts';
import type { Found } from './find-run.ts';
import { planItems, planOf } from './planning.ts';
import type { Work } from './work.ts';

/** Whether the items, or how they are split, change. */
export const replans = (options: ResumeOptions): boolean =>
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
export async function replan(
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

/** Makes a plan current. */
export function announce(work: Work, plan: Plan | undefined): void {
  if (plan) work.emit({ type: 'planned', plan: plan.index, items: plan.count, shards: plan.shards.length, batchSize: plan.batchSize });
}

/** Makes a new plan current and says what it owes. */
export function adopt(work: Work, state: RunState, plan: Plan, gone: number): void {
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
