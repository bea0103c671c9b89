import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { MergeOptions, MergeResult, RunChoice } from '../core/api.ts';
import { arrangementOf } from '../core/arrangement.ts';
import { UserError } from '../core/errors.ts';
import { asDiskError } from '../store/disk-error.ts';
import { takeLock } from '../store/lock.ts';
import { Journal } from '../store/journal.ts';
import { readState } from './replay.ts';
import { findRun } from './find-run.ts';
import { checkArrangement, resolved } from './arrange.ts';
import { checkOutput } from './check-output.ts';
import { mergeRun } from './merge.ts';
import { shapeOfRows } from './replan.ts';
import { commandFor } from './next-command.ts';

/**
 * Merges a run again, to its own output or another one. An unfinished one only where `partial` says so, and beside its own output
 * unless another one is named: under that name there are all rows or none.
 */
export async function mergeAgain(options: MergeOptions): Promise<MergeResult> {
  const found = findRun(options);
  const { paths, manifest } = found;
  const lock = takeLock(paths.folder, paths.run);
  try {
    const { state, length } = readState(found);
    const { owed } = state;
    if (owed.size > 0 && options.partial !== true) {
      throw new UserError(`${owed.size} of the run's ${state.plan?.count ?? 0} items are not done`, {
        hint: `finish it with \`${commandFor('resume', paths.run, options)}\`, or merge what there is with \`${commandFor('merge', paths.run, options, ' --partial')}\``,
      });
    }
    const own = owed.size > 0 ? partialName(manifest.settings.output) : manifest.settings.output;
    const output = options.output === undefined ? own : resolve(options.output);
    checkOutput(output);
    const rows = shapeOfRows(state, manifest);
    const arrangement = arrangementOf(options.asIs ? {} : manifest.settings, resolved(arrangementOf(options)));
    await checkArrangement(arrangement, rows.columns);
    const before = Date.now();
    const merged = await mergeRun({
      state,
      manifest: { ...manifest, ...rows },
      paths,
      output,
      strictColumns: options.strictColumns ?? false,
      arrangement,
      folders: { dataDir: options.dataDir, logsDir: options.logsDir },
    });
    if (owed.size === 0) {
      const journal = new Journal(paths.journal, length);
      journal.append({
        at: Date.now(),
        type: 'merged',
        output,
        rows: merged.rows,
        bytes: merged.bytes,
        sha256: merged.sha256,
        ms: Date.now() - before,
      });
      await journal.synced();
      journal.close();
    }
    return { ...merged, failedItems: state.failures.size };
  } catch (error) {
    throw asDiskError(error, 'make room or mend the folder, and merge again');
  } finally {
    lock.release();
  }
}

/** `rows.csv.gz` → `rows.partial.csv.gz` */
function partialName(output: string): string {
  return output.replace(/(?:\.[^./\\]+)?\.(?:gz|zst)$|\.[^./\\]+$/i, '.partial$&');
}

/** Deletes a run's folders, never those of one that is being worked on. Gives what was deleted. */
export async function cleanRun(choice: RunChoice & { readonly run: string }): Promise<readonly string[]> {
  const { paths } = findRun(choice);
  const lock = takeLock(paths.folder, paths.run);
  try {
    // Without its manifest the folder is no run any more, however far the rest gets.
    rmSync(join(paths.folder, 'manifest.json'));
    const folders = [paths.folder, paths.logs].filter((folder) => existsSync(folder));
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    return folders;
  } finally {
    lock.release();
  }
}
