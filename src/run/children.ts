import type { StopReason } from '../core/events.ts';
import type { Cause } from '../core/outcome.ts';
import { later } from '../core/steering.ts';
import { isStronger, toldAgain, type Urge } from '../core/told.ts';
import type { ChildEnd, Executor } from '../executors/executor.ts';
import { startGuard, type Guard } from '../executors/guard.ts';
import { parseOutput } from '../formats/output.ts';
import type { InitMessage, ToParent } from '../ipc/messages.ts';
import type { Manifest, RunSettings } from '../store/manifest.ts';
import { startTime } from '../store/processes.ts';
import { callSettings } from './caching.ts';
import { newLive, type Live } from './live.ts';
import type { Fact } from './settle.ts';

/** Milliseconds: between asking a child to stop and SIGTERM, between SIGTERM and SIGKILL, and for a child to leave by itself. */
const DRAIN = 10_000;
const GRACE = 5000;
const LEAVE = 30_000;

export interface ChildrenOptions {
  readonly executor: Executor;
  readonly manifest: Manifest;
  /** Of this session. */
  readonly settings: RunSettings;
  /** The run's. */
  readonly folder: string;
  /** The guard that has watched over the planning, and the mark that tells this session's processes. */
  readonly guard: Guard;
  readonly token: string;
  readonly emit: (fact: Fact) => void;
  readonly onMessage: (id: number, live: Live, message: ToParent) => unknown;
  /** Called when a child is gone and no longer listed. */
  readonly onEnd: (id: number, live: Live, end: ChildEnd) => Promise<void>;
  /** Called whenever the guard has come to know all children. */
  readonly onGuarded: () => void;
  readonly onFault: (error: unknown) => void;
}

/** The children of a session and their guard: who is there, what they have been told, and that none outlives its parent. */
export class Children {
  readonly #options: ChildrenOptions;
  readonly live = new Map<number, Live>();
  /** Settle once all has been said of a child that is gone. */
  readonly #ends = new Set<Promise<void>>();
  /** Why the run is stopping: a closed terminal lets items in flight finish without a deadline. */
  stopping: StopReason | undefined;
  /** True while memory is too short for anything new. */
  held = false;
  #guard: Guard;
  #isGuarded = false;
  #isOver = false;
  #count = 0;

  constructor(options: ChildrenOptions) {
    this.#options = options;
    this.#guard = options.guard;
  }

  /** True while the guard knows every child: nothing is started or dispatched otherwise. */
  get isGuarded(): boolean {
    return this.#isGuarded;
  }

  /** Begins with the guard that is there. */
  begin(): void {
    this.#useGuard(this.#guard);
  }

  start(): void {
    const { executor, emit, onMessage, onFault } = this.#options;
    const id = ++this.#count;
    const child = executor.start((message) => {
      const live = this.live.get(id);
      if (live) onMessage(id, live, message);
    });
    const live = newLive(child);
    this.live.set(id, live);
    const ended = child.ended.then((end) => this.#onEnd(id, live, end)).catch(onFault);
    this.#ends.add(ended);
    void ended.then(() => this.#ends.delete(ended));
    emit({ type: 'child-started', child: id, pid: child.pid, pidStart: startTime(child.pid) ?? '' });
    void this.#watch(id);
  }

  /** Ask, wait, insist: a message, SIGTERM to the group, SIGKILL to the group. */
  tell(id: number, why: Cause, how: Urge): void {
    const live = this.live.get(id);
    if (!live) return;
    const { told } = live;
    const patience = why === 'stopped' ? (isUnhurried(this.stopping) ? Infinity : DRAIN) : LEAVE;
    live.told = toldAgain(told, { why, how, insistAt: Date.now() + (how === 'message' ? patience : GRACE) });
    if (!isStronger(how, told)) return;
    // A message is on its way before anybody can read that it is: what is done in answer to the event comes behind it.
    if (how === 'message') live.child.send({ type: live.attempt === undefined ? 'retire' : 'stop' });
    this.#options.emit({ type: 'child-told', child: id, how, why });
    if (how !== 'message') live.child.kill(how);
  }

  /** Has a child end after its item, however long that takes; the rest of its batch goes to a fresh one. */
  retire(id: number, why: Cause = 'rss-limit'): void {
    const live = this.live.get(id);
    if (!live || live.told || live.attempt === undefined) return;
    live.told = { why: 'stopped', how: 'message', insistAt: Infinity };
    this.#options.emit({ type: 'child-told', child: id, how: 'message', why });
    live.child.send({ type: 'stop' });
  }

  /** Notes that a child has handed everything in and only has to leave. */
  dismiss(live: Live): void {
    const { told } = live;
    const asked = { why: 'ok', how: 'message', insistAt: Date.now() + LEAVE } as const;
    // It has heeded a message; whoever is being ended still is.
    live.told = told && told.how !== 'message' ? { ...told, why: 'ok' } : asked;
  }

  /** Called a few times a second: insists where a child was told something and did not heed it. */
  insist(now: number): void {
    for (const [id, { told }] of this.live) {
      if (told && now >= told.insistAt) this.tell(id, told.why, told.how === 'message' ? 'SIGTERM' : 'SIGKILL');
    }
  }

  /** So many milliseconds until `now` were nobody's: a child has so much longer for what it was told, and was heard so much later. */
  skip(ms: number, now: number): void {
    for (const live of this.live.values()) {
      live.heardAt = later(live.heardAt, ms, now);
      live.movedAt = later(live.movedAt, ms, now);
      if (live.told) live.told = { ...live.told, insistAt: live.told.insistAt + ms };
    }
  }

  /** Waits for whatever is still there, ends it where it does not go by itself, then lets the guard go. */
  async end(isFinished: boolean): Promise<void> {
    this.#isOver = true;
    // Only whoever is still there then: the PID of one that is gone may be somebody else's.
    const insist = setTimeout(() => this.live.forEach(({ child }) => child.kill('SIGKILL')), isFinished ? LEAVE : GRACE);
    await Promise.all(this.#ends);
    clearTimeout(insist);
    this.#guard.close();
  }

  async #onEnd(id: number, live: Live, end: ChildEnd): Promise<void> {
    await live.checked;
    this.live.delete(id);
    this.#guard.forget(live.child.pid);
    await this.#options.onEnd(id, live, end);
  }

  /** A child hears what to do only once the guard knows its group. Settles then. */
  async #watch(id: number): Promise<void> {
    const live = this.live.get(id);
    if (!live || live.child.pid === 0) return;
    await this.#guard.watch(live.child.pid);
    if (live.introduced) return;
    live.introduced = true;
    const { worker, params, grid, columns, partFormat, settings, command: spec, run } = this.#options.manifest;
    const command = spec && { command: { spec, run, folder: this.#options.folder } };
    const { format } = parseOutput(settings.output);
    const namesNonFinite = format === 'csv' || format === 'parquet';
    const calls = callSettings(this.#options.settings);
    const more = { ...(grid && { grid }), ...command };
    const init: InitMessage = { type: 'init', worker: worker.file, params, columns, partFormat, namesNonFinite, calls, ...more };
    live.child.send(init);
  }

  #useGuard(guard: Guard): void {
    const { emit, onGuarded, token } = this.#options;
    this.#guard = guard;
    emit({ type: 'guard-started', pid: guard.pid });
    const known = [...this.live.keys()].map((id) => this.#watch(id));
    void Promise.all(known).then(() => {
      if (this.#guard === guard) this.#isGuarded = true;
      onGuarded();
    });
    void guard.ended.then(() => {
      if (this.#isOver || this.#guard !== guard) return;
      this.#isGuarded = false;
      this.#useGuard(startGuard(token));
    });
  }
}

/** Stops that nobody waits for: items in flight take their time, which every limit still bounds. */
const isUnhurried = (why: StopReason | undefined): boolean => why === 'SIGHUP' || why === 'deadline' || why === 'halt';
