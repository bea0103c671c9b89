import type { RunEvent, StopReason } from '../core/events.ts';
import { setupTime } from '../core/child-state.ts';
import { unreachable } from '../core/errors.ts';
import { nextStop } from '../core/stopping.ts';
import { attemptName } from '../core/names.ts';
import { decide } from '../core/schedule.ts';
import { leftOf } from '../core/scope.ts';
import type { RunState } from '../core/state.ts';
import type { ChildEnd } from '../executors/executor.ts';
import type { CallMessage, ToParent } from '../ipc/messages.ts';
import { isDiskCode } from '../store/disk-error.ts';
import { writeLogLine } from './attempt-log.ts';
import { Attempts, idOf } from './attempts.ts';
import { Children } from './children.ts';
import type { DispatcherOptions } from './dispatcher-options.ts';
import { hear, type Live } from './live.ts';
import { Pace } from './pace.ts';
import type { Fact } from './settle.ts';
import { stopDue } from './stop-due.ts';

/**
 * The loop, and there is only one: take an event, append it to the journal, apply it to the state, tell the
 * reporters, ask the schedule what to do, do it. Everything that happens outside (messages, deaths, time) comes in as an event.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #state: RunState;
  readonly children: Children;
  readonly #attempts: Attempts;
  readonly pace = new Pace();
  readonly #queue: RunEvent[] = [];
  readonly #finished = Promise.withResolvers<void>();
  #pumping = false;
  #begun = false;
  #over = false;
  /** True once `run` has settled and no child is left: whoever emits after that has to hear of an error. */
  #ended = false;
  #wake: NodeJS.Timeout | undefined;

  constructor(options: DispatcherOptions) {
    const { state, journal, executor, manifest, settings, paths, guard, token, calls } = options;
    this.#options = options;
    this.#state = state;
    const emit = (fact: Fact): void => this.emit(fact);
    const record = (fact: Fact): void => this.#record({ at: Date.now(), ...fact } as RunEvent);
    this.#attempts = new Attempts({ state, journal, manifest, settings, paths, emit, record });
    this.children = new Children({
      executor,
      manifest,
      settings,
      folder: paths.folder,
      guard,
      token,
      emit,
      onMessage: (id, live, message) => calls.take(id, message) || this.#onMessage(id, live, message),
      onEnd: async (id, live, end) => this.#onEnd(id, live, end),
      onGuarded: () => this.#pump(),
      onFault: (error) => this.#breakOff(error),
    });
  }

  /** The children that are there, by number. */
  get live(): ReadonlyMap<number, Live> {
    return this.children.live;
  }

  /** True when no child is left. */
  get isEnded(): boolean {
    return this.#ended;
  }

  /** Works until everything owed is settled or the run is stopped. */
  async run(): Promise<void> {
    await this.#attempts.tidy();
    this.#begun = true;
    this.children.begin();
    this.#pump();
    try {
      await this.#finished.promise;
    } finally {
      this.#over = true;
      clearTimeout(this.#wake);
      await this.children.end(leftOf(this.#state) === 0);
      this.#ended = true;
    }
    await this.#attempts.tidy();
  }

  /** Commits what the attempts of an earlier session, whose parent died, had finished. */
  salvage(): void {
    for (const attempt of this.#state.running.values()) this.#attempts.bury(attempt, 'orphaned', undefined);
  }

  /** Appends an event, applies it, tells the reporters, and does what follows from it. */
  emit(fact: Fact): void {
    this.#queue.push({ at: Date.now(), ...fact } as RunEvent);
    this.#pump();
  }

  /** First call: nothing new, items in flight may finish; nobody waits for the last children to clean up. Second: everything ends now. */
  stop(why: StopReason, how = nextStop(this.#state.stopping, why)): void {
    if (this.#ended || how === undefined || this.#state.stopping?.how === 'kill') return;
    const urge = how === 'kill' ? 'SIGKILL' : this.#over ? 'SIGTERM' : 'message';
    this.children.stopping = why;
    this.emit({ type: 'stopping', why, how });
    for (const id of this.live.keys()) this.children.tell(id, 'stopped', urge);
  }

  /** Called a few times a second: insists where a child was told something and did not heed it. */
  insist(now: number): void {
    this.children.insist(now);
    this.#pump();
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (;;) {
        const event = this.#queue.shift();
        if (event) this.#record(event);
        else if (!this.#begun || this.#over || !this.#act()) return;
      }
    } catch (error) {
      if (this.#ended) throw error;
      this.#breakOff(error);
    } finally {
      this.#pumping = false;
    }
  }

  #record(event: RunEvent): void {
    const { journal, paths, onEvent } = this.#options;
    const before = 'attempt' in event ? this.#state.running.get(attemptName(event)) : undefined;
    journal.append(event);
    this.#state.apply(event);
    writeLogLine(paths.logs, event, before ?? ('attempt' in event ? this.#state.running.get(attemptName(event)) : undefined));
    onEvent(event);
    if (!this.#state.stopping && !this.#over) this.#stopWhereDue(event);
  }

  #stopWhereDue(event: RunEvent): void {
    const { settings, paths } = this.#options;
    const due = stopDue(event, this.#state, settings, paths);
    if (!due) return;
    if (due.warning !== undefined) this.emit({ type: 'warned', message: due.warning });
    this.stop(due.why, due.how);
  }

  /** Does the one thing that the schedule wants; false when it wants to wait. */
  #act(): boolean {
    const now = Date.now();
    const { settings, deadline } = this.#options;
    const { processes } = this.#state.steering;
    const action = decide(
      this.#state,
      { ...settings, processes },
      {
        now,
        held: this.children.held,
        ...this.pace.fitting(deadline(), now, settings.concurrency, this.live.values()),
        givable: (attempt) => this.#attempts.givable(this.live.get(attempt.child), attempt, now),
      },
    );
    switch (action.do) {
      case 'start':
        if (!this.children.isGuarded) return false;
        this.children.start();
        return true;
      case 'dispatch': {
        const live = this.live.get(action.child);
        if (!this.children.isGuarded || !live) return false;
        this.#attempts.dispatch(action.child, live, action.slot, action.piece);
        return true;
      }
      case 'halve':
        this.#attempts.halve(this.live.get(action.attempt.child));
        return true;
      case 'retire':
        this.children.tell(action.child, 'stopped', 'message');
        return true;
      case 'stop':
        this.stop(action.why);
        return true;
      case 'finish':
        this.#over = true;
        this.#finished.resolve();
        return false;
      case 'wait':
        clearTimeout(this.#wake);
        if (action.until < Infinity) this.#wake = setTimeout(() => this.#pump(), Math.max(1, action.until - now));
        return false;
      default:
        return unreachable(action);
    }
  }

  #onMessage(id: number, live: Live, message: Exclude<ToParent, CallMessage>): void {
    if (this.#over) return;
    const attempt = live.attempt === undefined ? undefined : this.#state.running.get(live.attempt);
    switch (message.type) {
      case 'ready':
        return this.emit({ type: 'child-ready', child: id, setupMs: setupTime(this.#state.children.get(id), message.setupMs, Date.now()) });
      case 'setup-failed':
      case 'crashed':
        return void (live.crashed = message.message);
      case 'broken':
        return void (live.broken = { message: message.message, code: message.code });
      case 'progress':
        hear(live, message, Date.now());
        return this.#pump();
      case 'tried': {
        const { index, key, tries, message: what, cause = 'error' } = message;
        live.movedAt = Date.now();
        if (attempt) this.emit({ type: 'tried', ...idOf(attempt), index, key, tries, cause, message: what });
        return;
      }
      case 'halved':
        live.halving = message.spans.length > 0 ? 'no' : 'refused';
        if (attempt && message.spans.length > 0) this.emit({ type: 'halved', ...idOf(attempt), spans: message.spans });
        return;
      case 'receipt':
        if (!attempt) return;
        live.receipt = true;
        this.pace.take(attempt.shard, live, message.times);
        live.checked = this.#attempts
          .check(live, attempt, message)
          .then((holds) => (holds ? this.children.dismiss(live) : this.children.tell(id, 'no-receipt', 'SIGKILL')))
          .catch((error: unknown) => this.#breakOff(error));
        return;
      case 'permits': // Answered by the services (`served.ts`).
        return;
      default:
        return unreachable(message);
    }
  }

  #onEnd(id: number, live: Live, end: ChildEnd): void {
    this.#attempts.autopsy(id, live, end);
    if (!live.broken) return;
    this.emit({ type: 'warned', message: `a child broke off: ${live.broken.message}` });
    if (isDiskCode(live.broken.code) && !this.#state.stopping && !this.#over) this.stop('disk');
  }

  /** The journal cannot be written, or there is a bug: nothing that follows could be recorded, so everything ends. */
  #breakOff(error: unknown): void {
    this.#over = true;
    this.#finished.reject(error);
  }
}
