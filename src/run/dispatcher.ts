import { join } from 'node:path';
import type { RunEvent, StopReason } from '../core/events.ts';
import { halts } from '../core/halt.ts';
import { attemptName, ledgerName, partName } from '../core/names.ts';
import { causeOf, describeEnd, type Cause } from '../core/outcome.ts';
import { decide, type Piece, type View } from '../core/schedule.ts';
import type { Running, RunState } from '../core/state.ts';
import type { ChildEnd, Executor } from '../executors/executor.ts';
import { startGuard, type Guard } from '../executors/guard.ts';
import { parseOutput } from '../formats/output.ts';
import type { InitMessage, ToParent } from '../ipc/messages.ts';
import { isDiskCode } from '../store/disk-error.ts';
import { folderSyncer, syncPath } from '../store/files.ts';
import type { Journal } from '../store/journal.ts';
import { salvage } from '../store/ledger.ts';
import type { Manifest, RunSettings } from '../store/manifest.ts';
import type { RunPaths } from '../store/paths.ts';
import { startTime } from '../store/processes.ts';
import { findFault } from '../store/verify.ts';
import { logOf, tailOf, writeLogLine } from './attempt-log.ts';
import { newLive, type Live } from './live.ts';
import { describeLimit, type Fact, settleDeath } from './settle.ts';

/** Milliseconds: between asking a child to stop and SIGTERM, between SIGTERM and SIGKILL, and for a child to leave by itself. */
const DRAIN = 10_000;
const GRACE = 5000;
const LEAVE = 30_000;
/** Milliseconds: that a child takes to start, about; and after which a first item counts as a long one. */
const CHILD_START = 100;
const PATIENCE = 1000;
/** So many children in a row that get nothing done mean that no child will. */
const SETUP_FAILURES = 3;
const FRUITLESS = 8;

export interface DispatcherOptions {
  readonly state: RunState;
  readonly journal: Journal;
  readonly executor: Executor;
  readonly manifest: Manifest;
  readonly settings: RunSettings;
  readonly paths: RunPaths;
  /** Marks this session's processes. */
  readonly token: string;
  /** The guard that has watched over the planning. */
  readonly guard: Guard;
  readonly onEvent: (event: RunEvent) => void;
}

/**
 * The loop, and there is only one: take an event, append it to the journal, apply it to the state, tell the
 * reporters, ask the schedule what to do, do it. Everything that happens outside (messages, deaths, time) comes in as an event.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #state: RunState;
  readonly #syncParts: () => Promise<void>;
  readonly live = new Map<number, Live>();
  readonly #queue: RunEvent[] = [];
  readonly #finished = Promise.withResolvers<void>();
  #guard: Guard | undefined;
  #guarded = false;
  #pumping = false;
  #begun = false;
  #over = false;
  /** True once `run` has settled: whoever emits after that has to hear of an error. */
  #ended = false;
  #children = 0;
  #wake: NodeJS.Timeout | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#state = options.state;
    this.#syncParts = folderSyncer(options.paths.parts);
  }

  /** Works until everything owed is settled or the run is stopped. */
  async run(): Promise<void> {
    this.#begun = true;
    this.#useGuard(this.#options.guard);
    this.#pump();
    try {
      await this.#finished.promise;
    } finally {
      this.#over = true;
      clearTimeout(this.#wake);
      await this.#endAll();
      this.#guard?.close();
      this.#ended = true;
    }
  }

  /** Commits what the attempts of an earlier session, whose parent died, had finished. */
  salvage(): void {
    for (const attempt of this.#state.running.values()) this.#bury(attempt, 'orphaned', undefined);
  }

  /** Appends an event, applies it, tells the reporters, and does what follows from it. */
  emit(fact: Fact): void {
    this.#queue.push({ at: Date.now(), ...fact } as RunEvent);
    this.#pump();
  }

  /** First call: nothing new, items in flight may finish. Second: everything ends now. */
  stop(why: StopReason, how: 'drain' | 'kill' = this.#state.stopping ? 'kill' : 'drain'): void {
    if (this.#over) return;
    if (this.#state.stopping?.how === 'kill') return;
    this.emit({ type: 'stopping', why, how });
    for (const id of this.live.keys()) this.tell(id, 'stopped', how === 'kill' ? 'SIGKILL' : 'message');
  }

  /** Ask, wait, insist: a message, SIGTERM to the group, SIGKILL to the group. */
  tell(id: number, why: Cause, how: 'message' | 'SIGTERM' | 'SIGKILL'): void {
    const live = this.live.get(id);
    if (!live || live.told?.how === how || live.told?.how === 'SIGKILL') return;
    const drain = this.#state.stopping?.why === 'SIGHUP' ? Infinity : DRAIN;
    const insistAt = Date.now() + (how === 'message' ? (why === 'stopped' ? drain : LEAVE) : GRACE);
    live.told = { why: live.told && live.told.how !== 'message' ? live.told.why : why, how, insistAt };
    this.emit({ type: 'child-told', child: id, how, why });
    if (how === 'message') live.child.send({ type: live.attempt === undefined ? 'retire' : 'stop' });
    else live.child.kill(how);
  }

  /** Has a child end after its item; the rest of its batch goes to a fresh one. */
  retire(id: number): void {
    const live = this.live.get(id);
    if (!live || live.told || live.attempt === undefined) return;
    live.told = { why: 'stopped', how: 'message', insistAt: Infinity };
    this.emit({ type: 'child-told', child: id, how: 'message', why: 'rss-limit' });
    live.child.send({ type: 'stop' });
  }

  /** Called a few times a second: insists where a child was told something and did not heed it. */
  insist(now: number): void {
    for (const [id, { told }] of this.live) {
      if (told && now >= told.insistAt) this.tell(id, told.why, told.how === 'message' ? 'SIGTERM' : 'SIGKILL');
    }
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
    if (event.type === 'committed' || event.type === 'item-failed') this.#checkHalt();
    const { setupFailures, fruitless } = this.#state.totals;
    if (event.type === 'child-ended' && (setupFailures >= SETUP_FAILURES || fruitless >= FRUITLESS) && !this.#state.stopping)
      this.stop('setup');
  }

  #checkHalt(): void {
    const { halt } = this.#options.settings;
    if (!halt || this.#state.stopping || !halts(halt, this.#state.failures.size, this.#state.plan?.count ?? 0)) return;
    this.stop('halt', halt.when === 'now' ? 'kill' : 'drain');
  }

  /** Does the one thing that the schedule wants; false when it wants to wait. */
  #act(): boolean {
    const { settings } = this.#options;
    const now = Date.now();
    const action = decide(this.#state, settings, { now, givable: (attempt) => this.#givable(attempt, now) });
    switch (action.do) {
      case 'start':
        if (!this.#guarded) return false;
        this.#start();
        return true;
      case 'dispatch':
        if (!this.#guarded) return false;
        this.#dispatch(action.child, action.slot, action.piece);
        return true;
      case 'halve': {
        const live = this.live.get(action.attempt.child);
        if (live) live.halving = 'asked';
        live?.child.send({ type: 'halve', worth: this.#childCost });
        return true;
      }
      case 'retire':
        this.tell(action.child, 'stopped', 'message');
        return true;
      case 'finish':
        this.#over = true;
        this.#finished.resolve();
        return false;
      case 'wait':
        clearTimeout(this.#wake);
        if (action.until < Infinity) this.#wake = setTimeout(() => this.#pump(), Math.max(1, action.until - now));
        return false;
    }
  }

  /** What a running attempt could give away; worth it only where that is longer than a child takes to start. */
  #givable(attempt: Running, now: number): ReturnType<View['givable']> {
    const live = this.live.get(attempt.child);
    const none = { items: 0, ms: 0 };
    if (!live || live.halving !== 'no' || live.told || live.receipt) return none;
    const items = attempt.unsettled.size - Math.max(1, live.begun - live.settled) - live.settled;
    if (items <= 0) return none;
    // Until an item is finished its length is not known, only that it is longer than it has taken so far.
    const age = now - attempt.since;
    if (live.settled === 0 && age < PATIENCE) return none;
    const ms = (items * age) / Math.max(1, live.settled);
    return ms > this.#childCost ? { items, ms } : none;
  }

  /** Milliseconds of work for which it pays to have another child. */
  get #childCost(): number {
    const { setupMs, childrenStarted } = this.#state.totals;
    return 2 * (CHILD_START + setupMs / Math.max(1, childrenStarted));
  }

  #start(): void {
    const id = ++this.#children;
    const child = this.#options.executor.start((message) => this.#onMessage(id, message));
    this.live.set(id, newLive(child));
    void child.ended.then((end) => this.#onEnd(id, end)).catch((error: unknown) => this.#breakOff(error));
    this.emit({ type: 'child-started', child: id, pid: child.pid, pidStart: startTime(child.pid) ?? '' });
    void this.#watch(id);
  }

  /** A child hears what to do only once the guard knows its group. Settles then. */
  async #watch(id: number): Promise<void> {
    const live = this.live.get(id);
    if (!live || live.child.pid === 0) return;
    await this.#guard?.watch(live.child.pid);
    if (live.introduced) return;
    live.introduced = true;
    const { worker, params, columns, partFormat, settings } = this.#options.manifest;
    const namesNonFinite = parseOutput(settings.output).format === 'csv';
    const init: InitMessage = { type: 'init', worker: worker.file, params, columns, partFormat, namesNonFinite };
    live.child.send(init);
  }

  #useGuard(guard: Guard): void {
    this.#guard = guard;
    this.emit({ type: 'guard-started', pid: guard.pid });
    const known = [...this.live.keys()].map((id) => this.#watch(id));
    void Promise.all(known).then(() => {
      if (this.#guard === guard) this.#guarded = true;
      this.#pump();
    });
    void guard.ended.then(() => {
      if (this.#over || this.#guard !== guard) return;
      this.#guarded = false;
      this.#useGuard(startGuard(this.#options.token));
    });
  }

  #dispatch(id: number, slot: number, piece: Piece): void {
    const { settings, paths, manifest } = this.#options;
    const live = this.live.get(id);
    const plan = this.#state.plan;
    if (!live || !plan) return;
    const { shard, batch, attempt, spans, stolen, mode } = piece;
    Object.assign(live, { attempt: attemptName(piece), settled: 0, rows: 0, begun: 0, movedAt: Date.now(), halving: 'no' });
    // Journalled before the child can open its files: no file is ever there that the journal does not know.
    this.emit({ type: 'dispatched', child: id, slot, shard, batch, attempt, spans, stolen, mode });
    const items = plan.items.kind === 'file' ? { ...plan.items, file: join(paths.folder, plan.items.file) } : plan.items;
    const tries = [...this.#state.trouble].filter(([index]) => spans.some(([start, end]) => index >= start && index < end));
    live.child.send({
      type: 'work',
      shard,
      batch,
      attempt,
      spans,
      mode,
      items,
      part: join(paths.parts, partName(piece, manifest.partFormat)),
      ledger: join(paths.parts, ledgerName(piece)),
      log: logOf(paths.logs, piece),
      concurrency: settings.concurrency,
      retries: settings.retries,
      ...(settings.itemTimeout === undefined ? {} : { itemTimeout: settings.itemTimeout }),
      tries: tries.map(([index, trouble]) => [index, trouble.tries]),
    });
  }

  #onMessage(id: number, message: ToParent): void {
    const live = this.live.get(id);
    const attempt = live?.attempt === undefined ? undefined : this.#state.running.get(live.attempt);
    if (!live || this.#over) return;
    switch (message.type) {
      case 'ready':
        return this.emit({ type: 'child-ready', child: id, setupMs: message.setupMs });
      case 'setup-failed':
      case 'crashed':
        live.crashed = message.message;
        return;
      case 'broken':
        live.broken = { message: message.message, code: message.code };
        return;
      case 'progress':
        if (message.settled > live.settled) live.movedAt = Date.now();
        Object.assign(live, { settled: message.settled, rows: message.rows, begun: message.begun, lastKey: message.lastKey });
        if (live.halving === 'refused') live.halving = 'no';
        return this.#pump();
      case 'tried':
        if (attempt)
          this.emit({
            type: 'tried',
            ...idOf(attempt),
            index: message.index,
            key: message.key,
            tries: message.tries,
            cause: 'error',
            message: message.message,
          });
        return;
      case 'halved':
        live.halving = message.spans.length > 0 ? 'no' : 'refused';
        if (attempt && message.spans.length > 0) this.emit({ type: 'halved', ...idOf(attempt), spans: message.spans });
        return;
      case 'receipt':
        if (!attempt) return;
        live.checked = this.#check(id, live, attempt, message).catch((error: unknown) => this.#breakOff(error));
        return;
    }
  }

  /** Commits what a child has handed in, if it is there (P3). */
  async #check(
    id: number,
    live: Live,
    attempt: Running,
    { spans, totals, failed, itemMs, rss }: Extract<ToParent, { type: 'receipt' }>,
  ): Promise<void> {
    live.receipt = true;
    const fault = await findFault(this.#filesOf(attempt), totals);
    if (fault !== undefined) {
      this.emit({ type: 'warned', message: `${attemptName(attempt)}: ${fault}; what verifies is kept, the rest is done again` });
      this.#bury(attempt, 'no-receipt', fault);
      return this.tell(id, 'no-receipt', 'SIGKILL');
    }
    await this.#syncParts();
    live.peakRss = Math.max(live.peakRss, rss);
    const ms = Date.now() - attempt.since;
    const cause = live.told?.how === 'message' ? 'stopped' : 'ok';
    live.attempt = undefined;
    this.emit({
      type: 'committed',
      ...idOf(attempt),
      spans,
      receipt: { ...totals, failed, itemMs },
      salvaged: false,
      ms,
      rss: live.peakRss,
    });
    this.emit({ type: 'attempt-ended', ...idOf(attempt), cause, suspects: [], exact: true });
    // From here on it only has to leave.
    live.told = { why: 'ok', how: 'message', insistAt: Date.now() + LEAVE };
  }

  async #onEnd(id: number, end: ChildEnd): Promise<void> {
    const live = this.live.get(id);
    if (!live) return;
    await live.checked;
    const attempt = live.attempt === undefined ? undefined : this.#state.running.get(live.attempt);
    const phase = this.#state.children.get(id)?.phase ?? 'leaving';
    const tail = attempt ? tailOf(logOf(this.#options.paths.logs, attempt)) : '';
    const told = live.told && (live.told.how !== 'message' || live.told.why !== 'ok') ? live.told.why : undefined;
    const cause = live.told?.why === 'ok' ? 'ok' : causeOf({ ...end, told, phase, tail, orphaned: false });
    const how =
      cause === 'ok' ? undefined : (describeLimit(cause, this.#options.settings, live.peakRss) ?? describeEnd(end.code, end.signal));
    const message = end.error ?? live.broken?.message ?? live.crashed ?? how;
    if (attempt) this.#bury(attempt, cause, message);
    this.live.delete(id);
    this.#guard?.forget(live.child.pid);
    this.emit({
      type: 'child-ended',
      child: id,
      cause,
      code: end.code,
      signal: end.signal,
      asked: live.told !== undefined,
      rss: live.peakRss,
      ...(message === undefined ? {} : { message }),
    });
    if (live.broken) this.#onBroken(live.broken);
  }

  /** Keeps what a dead child's attempt had finished. */
  #bury(attempt: Running, cause: Cause, message: string | undefined): void {
    const files = this.#filesOf(attempt);
    const found = salvage(files);
    if (found.items > 0) for (const file of [files.part, files.ledger, this.#options.paths.parts]) syncPath(file);
    const death = { cause, retries: this.#options.settings.retries, now: Date.now(), ...(message === undefined ? {} : { message }) };
    for (const fact of settleDeath(this.#state, attempt, found, death)) this.emit(fact);
  }

  #onBroken({ message, code }: { message: string; code: string | undefined }): void {
    this.emit({ type: 'warned', message: `a child broke off: ${message}` });
    if (isDiskCode(code) && !this.#state.stopping) this.stop('disk');
  }

  #filesOf(attempt: Running): { part: string; ledger: string } {
    const { paths, manifest } = this.#options;
    return { part: join(paths.parts, partName(attempt, manifest.partFormat)), ledger: join(paths.parts, ledgerName(attempt)) };
  }

  /** The journal cannot be written, or there is a bug: nothing that follows could be recorded, so everything ends. */
  #breakOff(error: unknown): void {
    this.#over = true;
    this.#finished.reject(error);
  }

  /** Ends and waits for whatever is still there. */
  async #endAll(): Promise<void> {
    const all = [...this.live.values()];
    if (all.length === 0) return;
    const insist = setTimeout(() => all.forEach(({ child }) => child.kill('SIGKILL')), this.#state.owed.size > 0 ? GRACE : LEAVE);
    await Promise.all(all.map(({ child }) => child.ended));
    clearTimeout(insist);
  }
}

const idOf = ({ shard, batch, attempt }: Running): Pick<Running, 'shard' | 'batch' | 'attempt'> => ({ shard, batch, attempt });
