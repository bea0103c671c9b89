import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Artifact, foldersOf } from '../core/artifact.ts';
import { ArtifactOwners, artifactsWithin, type Owned } from '../core/artifact-owners.ts';
import type { ItemFailure, Receipt } from '../core/events.ts';
import type { Span } from '../core/intervals.ts';
import { IntervalSet } from '../core/intervals.ts';
import { attemptName, stagedName } from '../core/names.ts';
import type { Running } from '../core/running.ts';
import type { RunState } from '../core/state.ts';
import type { Journal } from '../store/journal.ts';
import type { RunPaths } from '../store/paths.ts';
import { stagedFile } from '../store/staged.ts';

export interface KeeperOptions {
  readonly state: RunState;
  readonly journal: Pick<Journal, 'synced'>;
  readonly paths: RunPaths;
}

/** What of an attempt's work is to be committed, after its artifacts were looked at. */
export interface Admitted {
  readonly spans: readonly Span[];
  readonly receipt: Receipt;
  /** To be called once it is journalled. */
  readonly committed: () => void;
}

/**
 * Brings the files that items have made to their names, once the journal has their commit. Whatever dies in between, `tidy` does what is
 * left to do: a file is either where its attempt has put it, or has its name.
 */
export class ArtifactKeeper {
  readonly #options: KeeperOptions;
  /** Who has which name, by the plan of that number. */
  #owners: { readonly plan: number; readonly names: ArtifactOwners } | undefined;
  /** Commits are done one after another; settles when the last one is, never rejects. */
  #placed: Promise<void> = Promise.resolve();
  #fault: { readonly error: unknown } | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /**
   * Called right before a commit is journalled: takes the names for what an attempt has made. Items whose names others have are failed;
   * what they had stays.
   */
  admit(attempt: Running, spans: readonly Span[], receipt: Receipt): Admitted {
    const { artifacts: made = [] } = receipt;
    const old = [...this.#within(spans)];
    if (made.length === 0 && old.length === 0) return { spans, receipt, committed: () => this.discard(attempt) };
    const refused = this.#names.replace(made, old);
    const taken = made.filter(({ index }) => !refused.has(index));
    const gone = old.filter(({ position }) => !refused.has(position)).map(({ artifact }) => artifact.name);
    const committed = (): void => this.#later(async () => this.#place(attempt, taken, gone));
    if (refused.size === 0) return { spans, receipt, committed };
    const left = new IntervalSet(spans);
    for (const index of refused.keys()) left.remove(index, index + 1);
    const failed = [...refused].map(([index, message]): ItemFailure => {
      const key = made.find((artifact) => artifact.index === index)?.key ?? '';
      return { index, key, cause: 'error', message, tries: 1 };
    });
    return {
      spans: left.spans(),
      // The part has rows that do not count: from now on only its ledger knows which.
      receipt: { ...receipt, items: left.size, layout: 'scattered', artifacts: taken, failed: [...receipt.failed, ...failed] },
      committed,
    };
  }

  /** Takes away what an attempt has left behind that is not committed. */
  discard(attempt: Running): void {
    const staged = join(this.#options.paths.folder, stagedName(attempt));
    if (existsSync(staged)) this.#later(async () => this.#clear(staged));
  }

  /**
   * Called while no child is there, at the beginning and at the end of a session: every artifact of an item that is done has its name, and
   * there is nothing else. Throws what a commit has failed with.
   */
  async tidy(): Promise<void> {
    await this.#placed;
    if (this.#fault) throw this.#fault.error;
    const { state, paths } = this.#options;
    const staged = join(paths.folder, 'staged');
    for (const [, made] of state.commits.withArtifacts) {
      for (const { name } of made) if (this.#names.positionOf(name) === undefined) await this.#remove(name);
    }
    if (!existsSync(staged)) return;
    const attempts = new Set(readdirSync(staged));
    const found: Artifact[] = [];
    for (const { commit, artifact } of this.#within([[0, Infinity]])) {
      const id = state.commits.get(commit);
      if (!attempts.has(attemptName(id))) continue;
      await this.#move(join(paths.folder, stagedName(id)), artifact);
      found.push(artifact);
    }
    await this.#syncFolders(found);
    await rm(staged, { recursive: true, force: true });
  }

  async #place(attempt: Running, made: readonly Artifact[], old: readonly string[]): Promise<void> {
    const { journal, paths } = this.#options;
    // Else a power cut could leave new files for items whose new rows are lost.
    await journal.synced();
    const names = new Set(made.map(({ name }) => name));
    for (const name of old) if (!names.has(name) && this.#names.positionOf(name) === undefined) await this.#remove(name);
    const staged = join(paths.folder, stagedName(attempt));
    for (const artifact of made) await this.#move(staged, artifact);
    await this.#syncFolders(made);
    await this.#clear(staged);
  }

  /** Its child may still be there, and write on; whatever is left then goes at the end of the session. */
  async #clear(staged: string): Promise<void> {
    await rm(staged, { recursive: true, force: true }).catch(() => undefined);
  }

  /** Gives a file its name; one that is not there any more has it already. */
  async #move(staged: string, { index, name }: Artifact): Promise<void> {
    const to = join(this.#options.paths.artifacts, name);
    const from = stagedFile(staged, index, name);
    if (!existsSync(from)) return;
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
  }

  async #remove(name: string): Promise<void> {
    const { artifacts } = this.#options.paths;
    const file = join(artifacts, name);
    // By now it may be a folder of other artifacts.
    if (!existsSync(file) || lstatSync(file).isDirectory()) return;
    await rm(file, { force: true });
    for (const folder of foldersOf(name).toReversed()) {
      try {
        await rmdir(join(artifacts, folder));
      } catch {
        return; // It has others.
      }
    }
  }

  async #syncFolders(made: Iterable<Artifact>): Promise<void> {
    const { artifacts, folder } = this.#options.paths;
    const folders = new Set<string>();
    for (const { name } of made) for (const inner of ['', ...foldersOf(name)]) folders.add(join(artifacts, inner));
    if (folders.size > 0) folders.add(folder);
    for (const one of folders) {
      // Whoever has thrown files away has perhaps thrown their folder away, too.
      if (!existsSync(one)) continue;
      const handle = await open(one, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
  }

  get #names(): ArtifactOwners {
    const { coverage, coverages, commits } = this.#options.state;
    if (this.#owners?.plan !== coverages.length) this.#owners = { plan: coverages.length, names: new ArtifactOwners(coverage, commits) };
    return this.#owners.names;
  }

  *#within(spans: readonly Span[]): Generator<Owned> {
    const { coverage, commits } = this.#options.state;
    for (const [start, end] of spans) yield* artifactsWithin(coverage, commits, start, end);
  }

  #later(what: () => Promise<void>): void {
    this.#placed = this.#after(this.#placed, what);
  }

  async #after(before: Promise<void>, what: () => Promise<void>): Promise<void> {
    await before;
    if (this.#fault) return;
    try {
      await what();
    } catch (error) {
      this.#fault = { error };
    }
  }
}
