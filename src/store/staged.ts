import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact, Made } from '../core/artifact.ts';

/** Where a finished item's artifact is until its commit is journalled. `staged`: the folder of its attempt. */
export const stagedFile = (staged: string, index: number, name: string): string => join(staged, String(index), name);

/** Whether the files of an item are as its ledger line says. Their bytes were synced before that line was written. */
export function areStaged(staged: string | undefined, index: number, made: readonly Made[]): boolean {
  if (staged === undefined) return made.length === 0;
  return made.every(({ name, bytes }) => sizeOf(stagedFile(staged, index, name)) === bytes);
}

/** What is wrong with the artifacts that a child claims to have made, if anything. */
export function stagedFault(staged: string | undefined, claimed: readonly Artifact[]): string | undefined {
  if (staged === undefined) return undefined;
  for (const { index, name, bytes } of claimed) {
    const size = sizeOf(stagedFile(staged, index, name));
    if (size !== bytes)
      return `the artifact ${JSON.stringify(name)} ${size === undefined ? 'is not there' : `has ${size} bytes, not ${bytes}`}`;
  }
  return undefined;
}

function sizeOf(file: string): number | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() ? found.size : undefined;
}
