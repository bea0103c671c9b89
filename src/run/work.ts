import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlAnswer, ControlRequest } from '../core/control.ts';
import { formatUserError, UserError } from '../core/errors.ts';
import type { EndState, RunEvent } from '../core/events.ts';
import { EXIT } from '../core/exit-codes.ts';
import { arrangementOf } from '../core/arrangement.ts';
import { attemptName } from '../core/names.ts';
import type { Deadline } from '../core/options.ts';
import { createRate, perSecond, sampleRate } from '../core/progress.ts';
import type { Report } from '../core/report.ts';
import type { RunState } from '../core/state.ts';
import type { Guard } from '../executors/guard.ts';
import { localExecutor } from '../executors/local.ts';
import { publishText, temporaryName } from '../store/files.ts';
import type { Journal } from '../store/journal.ts';
import type { Manifest, RunSettings } from '../store/manifest.ts';
import type { RunPaths } from '../store/paths.ts';
import { logOf } from './attempt-log.ts';
import { CallPost } from './call-post.ts';
import { openMemory } from './cgroup.ts';
import { Dispatcher } from './dispatcher.ts';
import { serveControl } from './control-server.ts';
import { logFailures } from './failure-log.ts';
import type { Attached, StopWhy } from './handle.ts';
import { LOOK, watchLimits } from './limits.ts';
import type { openGovernor } from './budgets.ts';
import { EarlyMerge } from './early-merge.ts';
import { earlyJob, type Merged, type MergeJob, mergeRun } from './merge.ts';
import { beat } from './pulse.ts';
import { reportOf, type Times } from './report.ts';
import type { Fact } from './settle.ts';
import { SessionClock } from './session-clock.ts';
import { served, type ServedExecutor } from './served.ts';
import { showLive } from './show-live.ts';
import { settledNow, snapshotOf, type Folders } from './snapshot.ts';
import { control } from './steering.ts';
import { Suspension } from './suspension.ts';

export interface WorkOptions {
  readonly state: RunState;
  readonly journal: Journal;
  readonly manifest: Manifest;
  readonly settings: RunSettings;
  readonly paths: RunPaths;
  readonly folders: Folders;
  readonly guard: Guard;
  readonly governor: Awaited<ReturnType<typeof openGovernor>>;
  /** Environment of the children. */
  readonly env: Readonly<Record<string, string>>;
  /** The mark of this session's processes. */
  readonly token: string;
  /** When the session began, and how long planning took (ms). */
  readonly since: number;
  readonly planning: number;
  /** Where others can reach this session. */
  readonly socket: string;
  readonly deadline: Deadline | undefined;
  readonly onEvent: (event: RunEvent) => void;
}

/** Works through what is owed, merges, and reports: the part that all sessions have in common. */
export class Work implements Attached {
  readonly #options: WorkOptions;
  readonly #executor: ServedExecutor;
  readonly #dispatcher: Dispatcher;
  readonly #calls: CallPost;
  /** Aborted by a stop that comes when no child is left. */
  readonly #merge = new AbortController();
  readonly #early: EarlyMerge;
  #stopWhy: StopWhy = 'abort';
  readonly #suspension: Suspension;
  readonly #clock: SessionClock;
  #rate = createRate();
  #merging = false;
  #over = false;

  constructor(options: WorkOptions) {
    this.#options = options;
    const { state, journal, manifest, settings, paths, token, env, guard, since } = options;
    const local = localExecutor({ nodeArgs: settings.nodeArgs, env, log: join(paths.logs, 'setup.log') });
    const executor = (this.#executor = served(local, options.governor));
    const calls = (this.#calls = new CallPost({
      state,
      settings,
      emit: (fact) => this.#dispatcher.emit(fact),
      send: (child, message) => this.#dispatcher.live.get(child)?.child.send(message),
      onSpent: () => !state.stopping && this.#dispatcher.stop('budget'),
    }));
    const deadline = (): number | undefined => this.#clock.deadline;
    const onEvent = (event: RunEvent): void => this.#onEvent(event);
    this.#dispatcher = new Dispatcher({ state, journal, executor, manifest, settings, paths, token, guard, calls, onEvent, deadline });
    this.#suspension = new Suspension({ dispatcher: this.#dispatcher, file: paths.stops, every: LOOK });
    this.#clock = new SessionClock({ state, since, deadline: options.deadline, suspension: this.#suspension });
    // Of a session that is limited to a part of the run, the rest stays owed, and nothing is merged.
    this.#early = new EarlyMerge(state, () => (state.scope.positions ? undefined : earlyJob(this.#job)));
  }

  #onEvent(event: RunEvent): void {
    const { state, manifest, paths, folders, onEvent } = this.#options;
    this.#calls.see(event);
    if (event.type === 'item-failed' || event.type === 'committed') {
      const attempt = state.running.get(attemptName(event)) ?? { ...event, stolen: false };
      logFailures(event, { run: manifest.run, folders, file: logOf(paths.logs, attempt) });
    }
    onEvent(event);
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
    // Who has lost the terminal still wants the output.
    if (why === 'SIGHUP') return;
    if (!this.#merge.signal.aborted) this.#stopWhy = why;
    this.#merge.abort();
  }

  control(request: ControlRequest): ControlAnswer {
    return control(request, this.#dispatcher, this.#options.state);
  }

  suspend(): void {
    if (!this.#over) this.#suspension.suspend();
  }

  wake(): void {
    if (!this.#over) this.#suspension.wake();
  }

  snapshot(): ReturnType<typeof snapshotOf> {
    const { state, manifest } = this.#options;
    const { live } = this.#dispatcher;
    this.#rate = sampleRate(this.#rate, this.#clock.worked(), settledNow(state, live));
    const [rate, now, elapsedMs] = [perSecond(this.#rate), this.#clock.now(), this.#clock.elapsed()];
    const calls = { budgets: this.#options.governor.views(), waited: (pid: number): number => this.#executor.waited(pid) };
    return snapshotOf({ run: manifest.run, state, live, rate, elapsedMs, merging: this.#merging, now, ...calls });
  }

  /** Called once. Nothing can be emitted afterwards. */
  async run(): Promise<Report> {
    const { journal, governor } = this.#options;
    governor.warnings.listen((message) => this.emit({ type: 'warned', message }));
    try {
      return await this.#run();
    } finally {
      this.#over = true;
      await this.#early.drop();
      this.#suspension.end();
      governor.warnings.listen(undefined);
      this.#executor.close();
      // A sync that is under way needs the file; what it fails with has been thrown where it counts.
      await journal.synced().catch(() => undefined);
      journal.close();
    }
  }

  async #run(): Promise<Report> {
    const { state, journal, settings, paths, since, socket } = this.#options;
    const unwatch = watchLimits({
      dispatcher: this.#dispatcher,
      state,
      settings,
      memory: openMemory(),
      now: () => this.#tick(),
      onSample: () => this.#onSample(),
    });
    const onFault = (message: string): void => void (this.#over || this.emit({ type: 'warned', message }));
    const unserve = serveControl(socket, { control: (request) => this.control(request), onFault });
    try {
      await this.#dispatcher.run();
    } finally {
      unwatch();
      unserve();
      this.#calls.end();
      await this.#options.governor.settle();
      for (const file of [paths.live, temporaryName(paths.live)]) rmSync(file, { force: true });
    }
    const times: Times = { since, planning: this.#options.planning, merging: 0 };
    await journal.synced();
    // Of a session that was limited to a part of the run, the rest is still owed.
    if (!state.stopping && state.owed.size === 0) {
      this.#merging = true;
      const before = Date.now();
      const merged = await this.#merged();
      times.merging = Date.now() - before;
      if (merged) {
        const { file, ...rest } = merged;
        this.emit({ type: 'merged', output: file, ...rest, ms: times.merging });
      }
    }
    const end: EndState = state.stopping || state.owed.size > 0 ? 'stopped' : state.failures.size > 0 ? 'failed' : 'done';
    this.emit({ type: 'closed', state: end });
    await journal.synced();
    const report = reportOf({ ...this.#options, times, budgets: this.#options.governor.views() });
    try {
      await publishText(paths.report, `${JSON.stringify(report, null, 2)}\n`);
    } catch (error) {
      // A run that was stopped, perhaps by the same full disk, has another session to write its report.
      if (!state.stopping) throw error;
    }
    return report;
  }

  /** Looks at everything that no event tells; gives the time. */
  #tick(): number {
    const { state, settings, paths } = this.#options;
    this.#suspension.tick();
    this.#clock.worked();
    const now = this.#clock.now();
    const deadline = (): number | undefined => this.#clock.deadline;
    if (!state.stopping) this.#early.look();
    if (state.steering.suspendedAt === undefined) beat({ dispatcher: this.#dispatcher, state, settings, paths, deadline }, now);
    return now;
  }

  /** What is merged in the end. */
  get #job(): MergeJob {
    const { state, manifest, paths, folders, settings } = this.#options;
    const { output, strictColumns } = settings;
    return { state, manifest, paths, output, strictColumns, folders, arrangement: arrangementOf(settings) };
  }

  /** Merges; says that it stops, and gives nothing, where it is stopped before the output has its name, or refused. */
  async #merged(): Promise<Merged | undefined> {
    const { signal } = this.#merge;
    try {
      signal.throwIfAborted();
      return await mergeRun({ ...this.#job, signal, early: this.#early });
    } catch (error) {
      if (signal.aborted && error === signal.reason) this.emit({ type: 'stopping', why: this.#stopWhy, how: 'drain' });
      else if (error instanceof UserError && error.exitCode === EXIT.merge)
        this.emit({ type: 'stopping', why: 'merge', how: 'drain', message: formatUserError(error) });
      else throw error;
      return undefined;
    }
  }

  #onSample(): void {
    this.#calls.sample();
    showLive(this.#options.paths.live, this.snapshot());
  }
}
