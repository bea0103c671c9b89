import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { MergeOptions, MergeResult, RunChoice } from '../core/api.ts';
import { arrangementOf } from '../core/arrangement.ts';
import { UserError } from '../core/errors.ts';
import { asDiskError } from '../store/disk-error.ts';
import { isOwned, takeLock } from '../store/lock.ts';
import { Journal } from '../store/journal.ts';
import { ArtifactKeeper } from './artifact-keeper.ts';
import { startTime } from '../store/processes.ts';
import { readState } from './replay.ts';
import { findRun } from './find-run.ts';
import { checkArrangement, resolved } from './arrange.ts';
import { checkOutput } from './check-output.ts';
import { type Merged, mergeRun } from './merge.ts';
import { shapeOfRows } from './replan.ts';
import { sweepUnfinished } from './unfinished.ts';
import { commandFor } from './next-command.ts';

/**
 * Merges a run again, to its own output or another one. An unfinished one only where `partial` says so, also while somebody is at work
 * on it, and beside its own output unless another one is named: under that name there are all rows or none.
 */
export async function mergeAgain(options: MergeOptions): Promise<MergeResult> {
  const found = findRun(options);
  const { paths, manifest } = found;
  const isGoingOn = options.partial === true && isOwned(paths.folder);
  // Parts are never written twice and the journal only grows: who reads them needs no lock.
  const lock = isGoingOn ? undefined : takeLock(paths.folder, paths.run);
  try {
    // Beside a session at work, they may be its own.
    if (lock) sweepUnfinished(paths.folder);
    const { state, length } = readState(found);
    const { owed } = state;
    if (owed.size > 0 && options.partial !== true) {
      throw new UserError(`${owed.size} of the run's ${state.plan?.count ?? 0} items are not done`, {
        hint: `finish it with \`${commandFor('resume', paths.run, options)}\`, or merge what there is with \`${commandFor('merge', paths.run, options, ' --partial')}\``,
      });
    }
    const own = owed.size > 0 || isGoingOn ? partialName(manifest.settings.output) : manifest.settings.output;
    const output = options.output === undefined ? own : resolve(options.output);
    checkOutput(output);
    if (isGoingOn && output === manifest.settings.output) {
      throw new UserError('the run that is going on writes this file when it is done', {
        place: { file: output },
        hint: 'choose another --output, or leave it out',
      });
    }
    const rows = shapeOfRows(state, manifest);
    const arrangement = arrangementOf(options.asIs ? {} : manifest.settings, resolved(arrangementOf(options)));
    await checkArrangement(arrangement, rows.columns);
    // Whoever did the last item may have died before its artifacts had their names.
    if (owed.size === 0 && !isGoingOn) await new ArtifactKeeper({ state, paths, journal: { synced: async () => undefined } }).tidy();
    const before = Date.now();
    const merged = await mergeRun({
      state,
      manifest: { ...manifest, ...rows },
      paths,
      output,
      strictColumns: options.strictColumns ?? false,
      arrangement,
      folders: { dataDir: options.dataDir, logsDir: options.logsDir },
      ...(isGoingOn ? { owner: ownName(output, manifest.run) } : {}),
    });
    if (owed.size === 0 && !isGoingOn) {
      const journal = new Journal(paths.journal, length);
      journal.append({ at: Date.now(), type: 'merged', output, ...written(merged), ms: Date.now() - before });
      // The session whose merge was refused has its output now.
      if (state.stopping?.why === 'merge')
        journal.append({ at: Date.now(), type: 'closed', state: state.failures.size > 0 ? 'failed' : 'done' });
      await journal.synced();
      journal.close();
    }
    return { file: merged.file, ...written(merged), failedItems: state.failures.size };
  } catch (error) {
    throw asDiskError(error, 'make room or mend the folder, and merge again');
  } finally {
    lock?.release();
  }
}

const written = ({ rows, bytes, sha256 }: Merged): Omit<Merged, 'file'> => ({ rows, bytes, sha256 });

/** Without a lock, several may write the same output: each under a name with its PID. What those have left that were killed goes. */
function ownName(output: string, run: string): string {
  const start = `${basename(output)}.${run}.`;
  for (const name of existsSync(dirname(output)) ? readdirSync(dirname(output)) : []) {
    const pid = name.startsWith(start) ? /^(\d+)\.tmp$/.exec(name.slice(start.length))?.[1] : undefined;
    if (pid !== undefined && startTime(Number(pid)) === undefined) rmSync(join(dirname(output), name), { force: true });
  }
  return `${run}.${process.pid}`;
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
