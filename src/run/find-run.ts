import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../core/errors.ts';
import { checkRunName } from '../core/names.ts';
import { nearest } from '../core/nearest.ts';
import type { RunChoice } from '../core/api.ts';
import { readManifest, type Manifest } from '../store/manifest.ts';
import { runPaths, runsFolder, shown, type RunPaths } from '../store/paths.ts';
import { commandFor } from './next-command.ts';

export interface Found {
  readonly paths: RunPaths;
  readonly manifest: Manifest;
}

/** The names of all runs, the latest last. A folder without a manifest is not a run. */
export function runNames(dataDir: string): string[] {
  let names: string[];
  try {
    names = readdirSync(runsFolder(dataDir));
  } catch {
    return [];
  }
  return names
    .flatMap((name) => {
      const manifest = statSync(join(runsFolder(dataDir), name, 'manifest.json'), { throwIfNoEntry: false });
      return manifest ? [{ name, at: manifest.mtimeMs }] : [];
    })
    .toSorted((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

/** The run that was asked for, or the latest. */
export function findRun(choice: RunChoice): Found {
  const dataDir = resolve(choice.dataDir ?? 'data');
  const logsDir = resolve(choice.logsDir ?? 'logs');
  const run = choice.run ?? runNames(dataDir).at(-1);
  const where = shown(runsFolder(dataDir));
  if (run === undefined) {
    throw new UserError(`there is no run in ${where}`, {
      hint: `start one with \`${commandFor('run', undefined, choice)}\`, or name its folder with --data-dir`,
    });
  }
  const paths = runPaths(dataDir, logsDir, checkRunName(run));
  const manifest = readManifest(paths.folder);
  if (manifest) return { paths, manifest };
  const similar = nearest(run, runNames(dataDir));
  const runs = commandFor('runs', undefined, choice);
  throw new UserError(`there is no run ${JSON.stringify(run)} in ${where}`, {
    hint: similar === undefined ? `\`${runs}\` lists them` : `did you mean ${similar}? \`${runs}\` lists all`,
  });
}
