import { type Artifact, foldersOf } from './artifact.ts';
import type { Commits } from './commits.ts';
import type { Coverage, Segment } from './coverage.ts';

/** An artifact at the item's position in the current plan. */
export interface Owned {
  readonly position: number;
  readonly commit: number;
  readonly artifact: Artifact;
}

/** The artifacts of items that are done, in item order. */
export function* artifactsWithin(coverage: Coverage, commits: Commits, start = 0, end = Infinity): Generator<Owned> {
  if (!commits.hasArtifacts) return;
  for (const segment of coverage.within(start, end)) yield* ofSegment(segment, commits);
}

function ofSegment({ start, end, commit, from, step }: Segment, commits: Commits): Owned[] {
  const owned = commits.artifactsOf(commit).flatMap((artifact) => {
    const position = start + (artifact.index - from) * step;
    return position >= start && position < end ? [{ position, commit, artifact }] : [];
  });
  // Items that ran beside each other are listed as they were finished.
  return owned.toSorted((a, b) => a.position - b.position);
}

/** Who has which name, by the positions of one plan: a name belongs to one item, and no name is a folder of another. */
export class ArtifactOwners {
  readonly #byName = new Map<string, { readonly position: number; readonly key: string }>();
  /** How many names are in a folder. */
  readonly #folders = new Map<string, number>();

  constructor(coverage: Coverage, commits: Commits) {
    for (const { position, artifact } of artifactsWithin(coverage, commits)) this.#take(artifact.name, { position, key: artifact.key });
  }

  /** The position of the item that has a name. */
  positionOf(name: string): number | undefined {
    return this.#byName.get(name)?.position;
  }

  /**
   * Positions are about to get other rows, and with them the artifacts `made` instead of those that they have (`old`). Gives the positions
   * whose names others have, with why: these keep what they have.
   */
  replace(made: readonly Artifact[], old: Iterable<Owned>): Map<number, string> {
    const before = [...old].filter(({ position, artifact }) => this.positionOf(artifact.name) === position);
    const refused = new Map<number, string>();
    for (;;) {
      const dropped = before.filter(({ position }) => !refused.has(position));
      for (const { artifact } of dropped) this.#drop(artifact.name);
      const taken: Artifact[] = [];
      let conflict: string | undefined;
      for (const artifact of made) {
        if (refused.has(artifact.index)) continue;
        conflict = this.#conflict(artifact);
        if (conflict !== undefined) {
          refused.set(artifact.index, conflict);
          break;
        }
        this.#take(artifact.name, { position: artifact.index, key: artifact.key });
        taken.push(artifact);
      }
      if (conflict === undefined) return refused;
      // From the start, as what this one keeps may be what another one wanted.
      for (const { name } of taken) this.#drop(name);
      for (const { position, artifact } of dropped) this.#take(artifact.name, { position, key: artifact.key });
    }
  }

  #conflict({ index, key, name }: Artifact): string | undefined {
    const owner = this.#byName.get(name);
    const mine = `${JSON.stringify(key)} has made the artifact ${JSON.stringify(name)}`;
    if (owner) return owner.position === index ? undefined : `${mine}, which is the one of the item ${JSON.stringify(owner.key)}`;
    if (this.#folders.has(name)) return `${mine}, which is a folder with artifacts of other items`;
    const above = foldersOf(name).find((folder) => this.#byName.has(folder));
    if (above === undefined) return undefined;
    return `${mine}, but ${JSON.stringify(above)} is the artifact of the item ${JSON.stringify(this.#byName.get(above)?.key)}`;
  }

  #take(name: string, owner: { position: number; key: string }): void {
    if (!this.#byName.has(name)) for (const folder of foldersOf(name)) this.#folders.set(folder, (this.#folders.get(folder) ?? 0) + 1);
    this.#byName.set(name, owner);
  }

  #drop(name: string): void {
    if (!this.#byName.delete(name)) return;
    for (const folder of foldersOf(name)) {
      const left = (this.#folders.get(folder) ?? 1) - 1;
      if (left > 0) this.#folders.set(folder, left);
      else this.#folders.delete(folder);
    }
  }
}
