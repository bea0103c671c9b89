import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { PlanPreview } from '../core/api.ts';
import { combinationCount } from '../core/grid.ts';
import { checkRunName, defaultRunName, workerName } from '../core/names.ts';
import type { LaunchOptions } from '../core/options.ts';
import { batchesOf } from '../core/slices.ts';
import { startGuard } from '../executors/guard.ts';
import { openPlanItems } from '../input/grid-reader.ts';
import { runPaths, shown } from '../store/paths.ts';
import { settingsOf } from './defaults.ts';
import { childEnvironment } from './environment.ts';
import { checkOutput } from './check-output.ts';
import { planItems, planOf } from './planning.ts';
import { gridOf } from './sweep.ts';
import { identify } from './worker-identity.ts';

/** The shards and batches that `launch` would make with these options. Launches nothing, leaves nothing. */
export async function previewPlan(given: LaunchOptions): Promise<PlanPreview> {
  const { file: worker, command, name, text } = identify(given);
  const options: LaunchOptions = { ...given, worker: name };
  const run = options.name === undefined ? defaultRunName(workerName(name), Date.now()) : checkRunName(options.name);
  const paths = runPaths(resolve(options.dataDir ?? 'data'), resolve(options.logsDir ?? 'logs'), run);
  const early = settingsOf(options, paths, { count: 1 });
  checkOutput(early.output, [worker, options.items]);
  const folder = mkdtempSync(join(tmpdir(), 'shardyard-plan-'));
  const mark = randomBytes(16).toString('hex');
  const guard = startGuard(mark);
  try {
    await guard.started;
    const planned = await planItems({
      worker,
      ...(command ? { command: { ...command, columns: options.columns, isSingle: options.batchSize === 1 } } : {}),
      params: options.params ?? {},
      items: options.items,
      key: options.key,
      limit: options.limit,
      grid: gridOf(options),
      folder,
      index: 0,
      earlier: [],
      nodeArgs: early.nodeArgs,
      env: childEnvironment(folder, mark),
      signal: undefined,
      guard,
    });
    const settings = settingsOf(options, paths, planned);
    const plan = planOf(planned, 0, settings);
    const reader = openPlanItems(plan, folder);
    const shards = plan.shards.map((span, index) => ({
      index,
      start: span[0],
      end: span[1],
      batches: batchesOf(span, plan.batchSize),
      firstKey: reader.keyAt(span[0]),
      lastKey: reader.keyAt(span[1] - 1),
    }));
    reader.close();
    const { processes, concurrency, output } = settings;
    return {
      worker: text ?? shown(worker),
      items: plan.count,
      ...(plan.grid ? { combinations: combinationCount(plan.grid) } : {}),
      processes,
      concurrency,
      batchSize: plan.batchSize,
      emptyShards: plan.emptyShards,
      shards,
      columns: planned.columns,
      output: shown(output),
    };
  } finally {
    guard.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
