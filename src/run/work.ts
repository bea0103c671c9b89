import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EndState, RunEvent } from '../core/events.ts';
import { createRate, perSecond, sampleRate } from '../core/progress.ts';
import type { Report } from '../core/report.ts';
import type { RunState } from '../core/state.ts';
import type { Executor } from '../executors/executor.ts';
import type { Guard } from '../executors/guard.ts';
import { localExecutor } from '../executors/local.ts';
import { publishText, temporaryName } from '../store/files.ts';
import type { Journal } from '../store/journal.ts';
import type { Manifest, RunSettings } from '../store/manifest.ts';
import type { RunPaths } from '../store/paths.ts';
import { CallPost } from './call-post.ts';
import { Dispatcher } from './dispatcher.ts';
import type { StopWhy } from './handle.ts';
import { watchLimits } from './limits.ts';
import { type Merged, mergeRun } from './merge.ts';
import { reportOf, type Times } from './report.ts';
import type { Fact } from './settle.ts';
import { settledNow, snapshotOf, type Folders } from './snapshot.ts';

export interface WorkOptions {
  readonly state: RunState;
  readonly journal: Journal;
  readonly manifest: Manifest;
  readonly settings: RunSettings;
  readonly paths: RunPaths;
  readonly folders: Folders;
  readonly guard: Guard;
  /** Environment of the children. */
  readonly env: Readonly<Record<string, string>>;
  /** The mark of this session's processes. */
  readonly token: string;
  /** When the session began, and how long planning took (ms). */
  readonly since: number;
  readonly planning: number;
  readonly onEvent: (event: RunEvent) => void;
}

/** Works through what is owed, merges, and reports: the part that all sessions have in common. */
export class Work {
  readonly #options: WorkOptions;
  readonly #executor: Executor;
  readonly #dispatcher: Dispatcher;
  readonly #calls: CallPost;
  /** Aborted by a stop that comes when no child is left. */
  readonly #merge = new AbortController();
  #stopWhy: StopWhy = 'abort';
  #rate = createRate();
  #merging = false;

  constructor(options: WorkOptions) {
    this.#options = options;
    const { state, journal, manifest, settings, paths, token, env, guard } = options;
    const executor = (this.#executor = localExecutor({ nodeArgs: settings.nodeArgs, env, log: join(paths.logs, 'setup.log') }));
    const calls = (this.#calls = new CallPost({
      state,
      settings,
      emit: (fact) => this.#dispatcher.emit(fact),
      send: (child, message) => this.#dispatcher.live.get(child)?.child.send(message),
      onSpent: () => !state.stopping && this.#dispatcher.stop('budget'),
    }));
    const onEvent = (event: RunEvent): void => {
      calls.see(event);
      options.onEvent(event);
    };
    this.#dispatcher = new Dispatcher({ state, journal, executor, manifest, settings, paths, token, guard, calls, onEvent });
  }

  emit(fact: Fact): void {
    this.#dispatcher.emit(fact);
  }

  /** Keeps what the attempts of a dead parent had finished. */
  salvage(): void {
    this.#dispatcher.salvage();
  }

  stop(why: StopWhy): void {
    if (!this.#dispatcher.isEnded) return this.#dispatcher.stop(why);
    if (!this.#merge.signal.aborted) this.#stopWhy = why;
    this.#merge.abort();
  }

  snapshot(): ReturnType<typeof snapshotOf> {
    const { state, settings, manifest, since } = this.#options;
    const { live } = this.#dispatcher;
    const now = Date.now();
    this.#rate = sampleRate(this.#rate, now, settledNow(state, live));
    return snapshotOf({ run: manifest.run, state, settings, live, rate: perSecond(this.#rate), since, merging: this.#merging, now });
  }

  /** Called once. Nothing can be emitted afterwards. */
  async run(): Promise<Report> {
    const { journal } = this.#options;
    try {
      return await this.#run();
    } finally {
      this.#executor.close();
      // A sync that is under way needs the file; what it fails with has been thrown where it counts.
      await journal.synced().catch(() => undefined);
      journal.close();
    }
  }

  async #run(): Promise<Report> {
    const { state, journal, settings, paths, since } = this.#options;
    const unwatch = watchLimits({ dispatcher: this.#dispatcher, state, settings, onSample: () => this.#onSample() });
    try {
      await this.#dispatcher.run();
    } finally {
      unwatch();
      this.#calls.end();
      for (const file of [paths.live, temporaryName(paths.live)]) rmSync(file, { force: true });
    }
    const times: Times = { since, planning: this.#options.planning, merging: 0 };
    await journal.synced();
    if (!state.stopping) {
      this.#merging = true;
      const before = Date.now();
      const merged = await this.#merged();
      times.merging = Date.now() - before;
      if (merged) {
        const { file, rows, bytes, sha256 } = merged;
        this.emit({ type: 'merged', output: file, rows, bytes, sha256, ms: times.merging });
      }
    }
    const end: EndState = state.stopping ? 'stopped' : state.failures.size > 0 ? 'failed' : 'done';
    this.emit({ type: 'closed', state: end });
    await journal.synced();
    const report = reportOf({ ...this.#options, times });
    try {
      await publishText(paths.report, `${JSON.stringify(report, null, 2)}\n`);
    } catch (error) {
      // A run that was stopped, perhaps by the same full disk, has another session to write its report.
      if (!state.stopping) throw error;
    }
    return report;
  }

  /** Merges; says that it stops, and gives nothing, where it is stopped before the output has its name. */
  async #merged(): Promise<Merged | undefined> {
    const { state, manifest, paths, settings } = this.#options;
    const { signal } = this.#merge;
    const job = {
      state,
      manifest,
      paths,
      output: settings.output,
      strictColumns: settings.strictColumns,
      folders: this.#options.folders,
      signal,
    };
    try {
      signal.throwIfAborted();
      return await mergeRun(job);
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
      this.emit({ type: 'stopping', why: this.#stopWhy, how: 'drain' });
      return undefined;
    }
  }

  #onSample(): void {
    this.#calls.sample();
    this.#showLive();
  }

  /** What other terminals see of this one; lost with a power cut, and worth nothing then. */
  #showLive(): void {
    const temporary = temporaryName(this.#options.paths.live);
    try {
      writeFileSync(temporary, JSON.stringify(this.snapshot()));
      renameSync(temporary, this.#options.paths.live);
    } catch {
      // The disk's fault shows where it counts.
    }
  }
}
