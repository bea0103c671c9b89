import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { artifactsWithin } from '../core/artifact-owners.ts';
import { UserError } from '../core/errors.ts';
import { IntervalSet, type Span } from '../core/intervals.ts';
import { stagedName } from '../core/names.ts';
import { type ArtifactReport, type ListedArtifact, MOST_LISTED } from '../core/report.ts';
import type { RunState } from '../core/state.ts';
import { type RunPaths, shown } from '../store/paths.ts';
import { stagedFile } from '../store/staged.ts';

/** What is known of the artifacts, for the report; nothing where there are none. */
export function artifactReport(state: RunState, paths: RunPaths): { artifacts?: ArtifactReport } {
  let [count, bytes] = [0, 0];
  const files: ListedArtifact[] = [];
  for (const { artifact } of artifactsWithin(state.coverage, state.commits)) {
    count++;
    bytes += artifact.bytes;
    if (files.length < MOST_LISTED) files.push(listed(artifact));
  }
  return count === 0 ? {} : { artifacts: { folder: shown(paths.artifacts), count, bytes, files } };
}

/** All of them in item order, for the meta file. */
export function artifactList(state: RunState): { artifacts?: readonly ListedArtifact[] } {
  const artifacts = Array.from(artifactsWithin(state.coverage, state.commits), ({ artifact }) => listed(artifact));
  return artifacts.length === 0 ? {} : { artifacts };
}

const listed = ({ key, name, bytes, sha256 }: ListedArtifact): ListedArtifact => ({ key, name, bytes, sha256 });

/**
 * Items that are done and whose artifacts are not there, neither under their names nor on their way: somebody has deleted them, or the items were
 * in no list for a while.
 */
export function withoutArtifacts(state: RunState, { artifacts, folder }: RunPaths): Span[] {
  const missing: Span[] = [];
  for (const { position, commit, artifact } of artifactsWithin(state.coverage, state.commits)) {
    const { index, name, bytes } = artifact;
    const places = [join(artifacts, name), stagedFile(join(folder, stagedName(state.commits.get(commit))), index, name)];
    if (!places.some((file) => hasSize(file, bytes))) missing.push([position, position + 1]);
  }
  return new IntervalSet(missing).spans();
}

function hasSize(file: string, bytes: number): boolean {
  const found = existsSync(file) ? statSync(file) : undefined;
  return found !== undefined && found.isFile() && found.size === bytes;
}

/** Refuses to list files that are not there any more, or have another size. Of a run that is not finished, some may still be on their way. */
export function checkArtifacts(state: RunState, { artifacts }: RunPaths, rerun: (key: string) => string): void {
  if (state.owed.size > 0) return;
  for (const { artifact } of artifactsWithin(state.coverage, state.commits)) {
    const { key, name, bytes } = artifact;
    const file = join(artifacts, name);
    if (hasSize(file, bytes)) continue;
    throw new UserError(
      `the artifact of ${JSON.stringify(key)} ${existsSync(file) ? `does not have its ${bytes} bytes` : 'is not there'}`,
      {
        exitCode: 4,
        place: { file },
        hint: `something else has changed it; \`${rerun(key)}\` makes it again`,
      },
    );
  }
}
