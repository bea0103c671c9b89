import { join } from 'node:path';
import type { AttemptId } from '../core/events.ts';
import { countSpans, type Span } from '../core/intervals.ts';
import { briefMessage, type Evidence, lastLines } from '../core/evidence.ts';
import { attemptName, ledgerName, partName, stagedName } from '../core/names.ts';
import { causeOf, describeEnd, type Cause } from '../core/outcome.ts';
import type { Piece, View } from '../core/schedule.ts';
import type { Running } from '../core/running.ts';
import type { RunState } from '../core/state.ts';
import type { ChildEnd } from '../executors/executor.ts';
import type { ToParent } from '../ipc/messages.ts';
import { isDiskCode } from '../store/disk-error.ts';
import { folderSyncer, syncPath } from '../store/files.ts';
import type { Journal } from '../store/journal.ts';
import { type AttemptFiles, salvage } from '../store/ledger.ts';
import type { Manifest, RunSettings } from '../store/manifest.ts';
import type { RunPaths } from '../store/paths.ts';
import { findFault } from '../store/verify.ts';
import { ArtifactKeeper } from './artifact-keeper.ts';
import { logOf, sizeOf, tailOf } from './attempt-log.ts';
import { openMemory } from './cgroup.ts';
import type { Live } from './live.ts';
import { OomKills } from './oom-kills.ts';
import { describeLimit, type Fact, settleDeath } from './settle.ts';

/** Milliseconds: that a child takes to start, about; and after which a first item counts as a long one. */
const CHILD_START = 100;
const PATIENCE = 1000;

export interface AttemptsOptions {
  readonly state: RunState;
  readonly journal: Journal;
  readonly manifest: Manifest;
  readonly settings: RunSettings;
  readonly paths: RunPaths;
  readonly emit: (fact: Fact) => void;
  /** As `emit`, but appended and applied when it returns. */
  readonly record: (fact: Fact) => void;
}

export type Receipt = Extract<ToParent, { type: 'receipt' }>;

/** What becomes of attempts: handed to a child, checked and committed, or buried with what can be kept of them. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #syncParts: () => Promise<void>;
  readonly #artifacts: ArtifactKeeper;
  readonly #oom = new OomKills(openMemory());

  constructor(options: AttemptsOptions) {
    this.#options = options;
    this.#syncParts = folderSyncer(options.paths.parts);
    this.#artifacts = new ArtifactKeeper(options);
  }

  /** Called at the beginning and the end of a session, while there are no children: all artifacts have their names. */
  async tidy(): Promise<void> {
    await this.#artifacts.tidy();
  }

  /** Hands a piece of work to a child that is ready. */
  dispatch(id: number, live: Live, slot: number, piece: Piece): void {
    const { settings, paths, state, record } = this.#options;
    const { plan } = state;
    if (!plan) return;
    const { shard, batch, attempt, spans, stolen, mode } = piece;
    const [now, log] = [Date.now(), logOf(paths.logs, piece)];
    Object.assign(live, { attempt: attemptName(piece), settled: 0, rows: 0, begun: 0, heardAt: now, oldest: null, halving: 'no' });
    Object.assign(live, { open: [], failed: 0, times: [], movedAt: now });
    Object.assign(live, { closing: false, logStart: sizeOf(log), oomSeen: this.#oom.unexplained() });
    // Journalled before the child can open its files: no file is ever there that the journal does not know.
    record({ type: 'dispatched', child: id, slot, shard, batch, attempt, spans, stolen, mode });
    const tries = [...state.trouble].filter(([index]) => spans.some(([start, end]) => index >= start && index < end));
    live.child.send({
      type: 'work',
      shard,
      batch,
      attempt,
      spans,
      mode,
      items: plan.items.kind === 'file' ? { ...plan.items, file: join(paths.folder, plan.items.file) } : plan.items,
      ...this.#filesOf(piece),
      stops: paths.stops,
      log,
      concurrency: settings.concurrency,
      retries: settings.retries,
      ...(settings.itemTimeout === undefined ? {} : { itemTimeout: settings.itemTimeout }),
      tries: tries.map(([index, trouble]) => [index, trouble.tries]),
      ...(state.scope.mode === 'plan' ? { measure: true } : {}),
    });
  }

  /** Commits what a child has handed in, if it is there (P3). False when it is not: then what verifies is kept. */
  async check(
    live: Live,
    attempt: Running,
    { spans, totals, failed, itemMs, writeMs, artifacts, setupMs, rss, usage }: Receipt,
  ): Promise<boolean> {
    const { emit } = this.#options;
    const fault = misclaimed(attempt, spans, totals.items) ?? (await findFault(this.#filesOf(attempt), totals, artifacts));
    live.attempt = undefined;
    if (fault !== undefined) {
      emit({ type: 'warned', message: `${attemptName(attempt)}: ${fault}; what verifies is kept, the rest is done again` });
      this.bury(attempt, 'no-receipt', fault);
      return false;
    }
    await this.#syncParts();
    live.peakRss = Math.max(live.peakRss, rss);
    const ms = Date.now() - attempt.since;
    const cause = live.told?.how === 'message' ? 'stopped' : 'ok';
    const more = { ...(artifacts && { artifacts }), ...(setupMs !== undefined && { setupMs }), ...(usage && { usage }) };
    const receipt = { ...totals, failed, itemMs, writeMs, ...more };
    const { committed, ...admitted } = this.#artifacts.admit(attempt, spans, receipt);
    emit({ type: 'committed', ...idOf(attempt), ...admitted, salvaged: false, ms, rss: live.peakRss });
    committed();
    emit({ type: 'attempt-ended', ...idOf(attempt), cause, suspects: [], exact: true });
    return true;
  }

  /** Says how a child ended, and keeps what its attempt had finished. */
  autopsy(id: number, live: Live, end: ChildEnd): void {
    const { state, settings, paths, emit } = this.#options;
    const attempt = live.attempt === undefined ? undefined : state.running.get(live.attempt);
    const phase = state.children.get(id)?.phase ?? 'leaving';
    const { code, signal } = end;
    const tail = attempt ? tailOf(logOf(paths.logs, attempt), live.logStart) : '';
    const oomKills = this.#oom.since(live.oomSeen);
    const cause = causeOf({ ...end, told: live.told, phase, tail, orphaned: false, oomKills });
    if (cause === 'oom-killed') this.#oom.explain();
    const rss = live.peakRss;
    const ended = { type: 'child-ended', child: id, cause, code, signal, asked: live.told !== undefined, rss } as const;
    if (cause === 'ok') return emit(ended);
    const how = describeLimit(cause, settings, rss) ?? describeEnd(code, signal);
    const message = briefMessage(end.error ?? live.broken?.message ?? live.crashed ?? how);
    const killed = oomKills > 0 ? { oomKills } : {};
    const said = lastLines(tail);
    // What a disk refuses is no item's fault and costs no try.
    const its = isDiskCode(live.broken?.code) ? 'stopped' : cause;
    if (attempt) this.bury(attempt, its, message, { code, signal, peakRssBytes: rss, ...killed, said });
    emit({ ...ended, message, ...killed, ...(said.length > 0 && cause !== 'stopped' ? { said } : {}) });
  }

  /** Keeps what a dead child's attempt had finished. */
  bury(attempt: Running, cause: Cause, message: string | undefined, evidence?: Evidence): void {
    const { state, settings, paths, emit } = this.#options;
    const files = this.#filesOf(attempt);
    const found = salvage(files);
    if (found.items > 0) for (const file of [files.part, files.ledger, paths.parts]) syncPath(file);
    const death = {
      cause,
      retries: settings.retries,
      now: Date.now(),
      ...(message === undefined ? {} : { message }),
      ...(evidence ? { evidence } : {}),
    };
    for (const fact of settleDeath(state, attempt, found, death)) {
      if (fact.type !== 'committed') emit(fact);
      else {
        const { committed, ...admitted } = this.#artifacts.admit(attempt, fact.spans, fact.receipt);
        emit({ ...fact, ...admitted });
        committed();
      }
    }
    // What an earlier session has left may have been committed by it: that is looked at when it is all known.
    if (cause !== 'orphaned') this.#artifacts.discard(attempt);
  }

  /** What a running attempt could give away; worth it only where that is longer than a child takes to start. */
  givable(live: Live | undefined, attempt: Running, now: number): ReturnType<View['givable']> {
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

  /** Asks for the back half of what an attempt has not begun. */
  halve(live: Live | undefined): void {
    if (!live) return;
    live.halving = 'asked';
    live.child.send({ type: 'halve', worth: this.#childCost });
  }

  /** Milliseconds of work for which it pays to have another child. */
  get #childCost(): number {
    const { setupMs, childrenStarted } = this.#options.state.totals;
    return 2 * (CHILD_START + setupMs / Math.max(1, childrenStarted));
  }

  #filesOf(attempt: AttemptId): Required<AttemptFiles> {
    const { paths, manifest } = this.#options;
    return {
      part: join(paths.parts, partName(attempt, manifest.partFormat)),
      ledger: join(paths.parts, ledgerName(attempt)),
      staged: join(paths.folder, stagedName(attempt)),
    };
  }
}

/** What is wrong with the positions that a child claims to have done, if anything. */
function misclaimed({ unsettled }: Running, spans: readonly Span[], items: number): string | undefined {
  const claimed = countSpans(spans);
  if (claimed !== items) return `the receipt names ${claimed} positions for ${items} items`;
  const owned = spans.reduce((sum, [start, end]) => sum + countSpans([...unsettled.within(start, end)]), 0);
  return owned === claimed ? undefined : `the receipt names ${claimed - owned} positions that the attempt does not have`;
}

/** An attempt's name in events. */
export const idOf = ({ shard, batch, attempt }: Running): Pick<Running, 'shard' | 'batch' | 'attempt'> => ({ shard, batch, attempt });
