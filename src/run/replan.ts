import { resolve } from 'node:path';
import { moveSpans } from '../core/coverage.ts';
import { UserError } from '../core/errors.ts';
import { changedGrid, combinationCount } from '../core/grid.ts';
import { countSpans, IntervalSet, type Span } from '../core/intervals.ts';
import type { ResumeOptions } from '../core/options.ts';
import type { Plan, PlanGiven, RowShape } from '../core/plan.ts';
import type { RunState } from '../core/state.ts';
import type { Guard } from '../executors/guard.ts';
import { parseOutput } from '../formats/output.ts';
import { type Manifest, type RunSettings, writePlan } from '../store/manifest.ts';
import { shapeOf } from './defaults.ts';
import type { Found } from './find-run.ts';
import { commandFor } from './next-command.ts';
import { type PlanningOptions, planItems, planOf } from './planning.ts';
import type { Work } from './work.ts';

/** Whether the items, or how they are split, change. */
const replans = (options: ResumeOptions): boolean =>
  options.items !== undefined ||
  options.limit !== undefined ||
  options.key !== undefined ||
  options.grid !== undefined ||
  options.shards !== undefined ||
  options.batchSize !== undefined;

interface Planning {
  readonly env: Readonly<Record<string, string>>;
  readonly guard: Guard;
  readonly signal: AbortSignal;
}

/** What a new session is to plan anew. */
export interface Replanning {
  readonly plan: Plan;
  readonly gone: number;
}

/**
 * A new plan: other items, matched by key with the earlier ones; the same ones split in another way; or rows of another shape, after the
 * worker has changed. `undefined` where the plan that is there will do.
 */
export async function replan(
  state: RunState,
  found: Found,
  options: ResumeOptions,
  { settings, hasChanged, ...planning }: Planning & { readonly settings: RunSettings; readonly hasChanged: boolean },
): Promise<Replanning | undefined> {
  const index = state.plans.length;
  const last = state.plans[index - 1];
  if (!last) throw new Error('a run without a plan cannot get another');
  const grid = options.grid === undefined ? last.grid : changedGrid(last.grid, options.grid);
  const worker = {
    ...workerOf(found, options),
    grid,
    folder: found.paths.folder,
    index,
    earlier: state.plans,
    nodeArgs: settings.nodeArgs,
    ...planning,
  };
  const rows = hasChanged && !found.manifest.command ? await rowShape(state, found, options, worker) : undefined;
  if (!replans(options) && rows === undefined) return undefined;
  const given = givenNow(state, found, options);
  const same = options.items === undefined && options.limit === undefined && options.key === undefined;
  const moves: Plan['moves'] = [{ to: 0, plan: index - 1, from: 0, length: last.count, step: 1 }];
  const { items, key, limit } = given;
  const frozen = same ? { items: last.items, each: last.count / combinationCount(last.grid) } : undefined;
  const planned =
    same && options.grid === undefined
      ? { ...gridOfPlan(last), items: last.items, count: last.count, moves, gone: 0 }
      : await planItems({ ...worker, items, key, limit, frozen });
  const plan = planOf(planned, index, shapeOf(planned.count, settings.processes, given), {
    given,
    ...(rows === undefined ? {} : { rows }),
  });
  await writePlan(found.paths.folder, plan);
  return { plan, gone: planned.gone };
}

const workerOf = ({ manifest }: Found, { worker }: ResumeOptions): Pick<PlanningOptions, 'worker' | 'params' | 'command'> => ({
  ...(manifest.command
    ? { command: { ...manifest.command, columns: manifest.columns ?? undefined, isSingle: manifest.settings.batchSize === 1 } }
    : {}),
  worker: worker === undefined ? manifest.worker.file : resolve(worker),
  params: manifest.params,
});

/** What the user has given so far: this time, or for the latest plan. A new list does not inherit the limit of the old one. */
function givenNow(state: RunState, { manifest: { settings } }: Found, options: ResumeOptions): PlanGiven {
  const { items, key, limit, automatic } = settings;
  const first: PlanGiven = {
    items,
    key,
    limit,
    shards: automatic.shards ? undefined : settings.shards,
    batchSize: automatic.batchSize ? undefined : settings.batchSize,
  };
  const last = state.plans.findLast((plan) => plan.given)?.given ?? first;
  return {
    items: options.items ?? last.items,
    key: options.key ?? last.key,
    limit: options.limit ?? (options.items === undefined ? last.limit : undefined),
    shards: options.shards ?? last.shards,
    batchSize: options.batchSize ?? last.batchSize,
  };
}

/** How a changed worker writes its rows, where that is not as before. Rows that are kept must have the same columns. */
async function rowShape(
  state: RunState,
  { manifest, paths }: Found,
  options: ResumeOptions,
  worker: Omit<PlanningOptions, 'items' | 'key' | 'limit'>,
): Promise<RowShape | undefined> {
  const { columns, types } = await planItems({ ...worker, items: undefined, key: undefined, limit: undefined, describe: true });
  const before = shapeOfRows(state, manifest);
  const sameColumns = JSON.stringify(columns) === JSON.stringify(before.columns);
  if (sameColumns && JSON.stringify(types) === JSON.stringify(before.types ?? {})) return undefined;
  if (!sameColumns && options.changed !== 'fresh') {
    throw new UserError(`the worker's columns have changed: ${listed(before.columns)} became ${listed(columns)}`, {
      place: { file: worker.worker },
      hint: `the rows that are there cannot be kept; \`${commandFor('resume', paths.run, options, ' --fresh')}\` makes all of them again`,
    });
  }
  // Kept rows stay in the format they have; whether they fit other types shows when they are merged.
  if (sameColumns) return { ...before, types };
  return { columns, types, partFormat: parseOutput(manifest.settings.output).format === 'csv' && columns ? 'csv' : 'ndjson' };
}

const listed = (columns: readonly string[] | null): string => (columns === null ? 'none declared' : columns.join(','));

/** How the rows of the latest plan are written. */
export const shapeOfRows = (state: RunState, { columns, types = {}, partFormat }: Manifest): RowShape => ({
  types: {},
  ...(state.plans.findLast(({ rows }) => rows)?.rows ?? { columns, types, partFormat }),
});

/** What a plan sweeps, if anything. */
export const gridOfPlan = (plan: Plan | undefined): Pick<Plan, 'grid'> => (plan?.grid ? { grid: plan.grid } : {});

/** Makes a plan current. */
export function announce(work: Work, plan: Plan | undefined): void {
  if (plan) work.emit({ type: 'planned', plan: plan.index, items: plan.count, shards: plan.shards.length, batchSize: plan.batchSize });
}

/** Makes a new plan current and says what it owes. */
export function adopt(work: Work, state: RunState, { plan, gone }: Replanning): void {
  const before = state.plans.length - 1;
  const failures = new IntervalSet([...state.failures.keys()].toSorted((a, b) => a - b).map((index): Span => [index, index + 1]));
  state.plans.push(plan);
  announce(work, plan);
  const failed = countSpans([...moveSpans(plan.moves, before, failures)]);
  const known = plan.moves.reduce((sum, { length }) => sum + length, 0);
  work.emit({ type: 'matched', done: state.coverage.size, failed, fresh: plan.count - known, gone });
}
