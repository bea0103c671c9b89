import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nameFault } from '../core/artifact.ts';

/** The files that one try of an item may write, in a folder of its own, so that a try that was given up cannot disturb the next. */
export class ItemArtifacts {
  /** Where the files are while the item is under way, and once it is finished. */
  readonly folder: string;
  readonly sealed: string;
  readonly names = new Set<string>();

  /** `staged`: the folder of the attempt. */
  constructor(staged: string, index: number, attempt: number) {
    this.sealed = join(staged, String(index));
    this.folder = `${this.sealed}.try-${attempt}`;
  }

  /** The path for a name; makes the folders above it. */
  path(name: string): string {
    const fault = nameFault(name);
    if (fault !== undefined) throw new Error(`the artifact ${JSON.stringify(name)} cannot be: ${fault}`);
    const file = join(this.folder, name);
    if (!this.names.has(name)) mkdirSync(dirname(file), { recursive: true });
    this.names.add(name);
    return file;
  }

  /** The item has failed: nothing is left. */
  discard(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
