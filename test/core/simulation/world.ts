import { strict as assert } from 'node:assert';
import type { ItemFailure, RunEvent, StopReason } from '../../../src/core/events.ts';
import type { Span } from '../../../src/core/intervals.ts';
import { attemptName } from '../../../src/core/names.ts';
import type { Cause } from '../../../src/core/outcome.ts';
import type { Plan } from '../../../src/core/plan.ts';
import { decide, type Piece } from '../../../src/core/schedule.ts';
import { RunState } from '../../../src/core/state.ts';
import { type Fact, settleDeath } from '../../../src/run/settle.ts';
import { Attempt } from './child.ts';
import { checkPiece } from './fairness.ts';
import { Oracle } from './oracle.ts';
import { Random } from '../../support/random.ts';
import { otherItems, planFor } from './replan.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly items: number;
  readonly shards: number;
  readonly batchSize: number;
  readonly processes: number;
  readonly spares: number;
  readonly stagger: number;
  readonly concurrency: number;
  readonly retries: number;
  /** How often something from outside strikes: a kill, a setup that fails, a stop, the death of the parent, another list of items. */
  readonly faults: number;
  /** Share of the items that throw, or kill their child. */
  readonly bad: number;
}

/** What an item does, whichever child has it. */
type Nature = 'good' | 'throws' | 'kills' | 'kills once';

/**
 * Plays the dispatcher against children that do what chance wants, with the real schedule, the real state and the real consequences of a
 * death. Everything that happens goes past the oracle. Time only passes here.
 */
export class World {
  readonly options: WorldOptions;
  readonly random: Random;
  readonly oracle = new Oracle();
  readonly events: RunEvent[] = [];
  readonly state: RunState;
  readonly #all: number[];
  readonly #natures = new Map<number, Nature>();
  /** Items that have killed their child, and will not again. */
  readonly #sated = new Set<number>();
  /** What runs, and the files of what ran when the parent died. */
  readonly #attempts = new Map<string, Attempt>();
  /** Children that were told to go, and what they were doing then. */
  readonly #told = new Map<number, string>();
  #faults: number;
  #now = 1_000_000;
  #openedAt = 0;
  #children = 0;
  #steps = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = new Random(options.seed);
    this.#faults = options.faults;
    this.#all = Array.from({ length: options.items }, (_, id) => id);
    this.state = new RunState([planFor(this.#all, [], options)]);
  }

  get plans(): Plan[] {
    return this.state.plans;
  }

  nature(id: number): Nature {
    const known = this.#natures.get(id);
    if (known) return known;
    const nature = this.random.chance(this.options.bad) ? this.random.pick<Nature>(['throws', 'kills', 'kills once']) : 'good';
    this.#natures.set(id, nature);
    return nature;
  }

  /** Sessions, one after the other, until one of them runs to its end. */
  play(): void {
    for (let session = 1; ; session++) {
      this.#open(session);
      const end = this.#work();
      if (end === 'killed') continue;
      this.emit({ type: 'closed', state: this.state.stopping ? 'stopped' : this.state.failures.size > 0 ? 'failed' : 'done' });
      if (!this.state.stopping) return this.oracle.settled();
    }
  }

  /** A session that does whole shards again. */
  again(spans: () => readonly Span[]): void {
    this.#open(this.state.session + 1, spans);
    while (this.#work() === 'killed' || this.state.stopping) this.#open(this.state.session + 1);
    this.oracle.settled();
  }

  emit(fact: Fact): void {
    const event = { at: this.#now, ...fact } as RunEvent;
    this.events.push(event);
    if (event.type === 'planned') this.oracle.replan(this.#ids);
    this.oracle.observe(event);
    this.state.apply(event);
    this.oracle.compare(this.state, event);
  }

  #ids: readonly number[] = [];

  #open(session: number, again?: () => readonly Span[]): void {
    const { processes, retries } = this.options;
    const changed = session > 1 && this.#strikes(0.05) ? { changed: 'fresh' as const } : {};
    this.#children += 1000;
    this.#openedAt = this.#now;
    this.emit({
      type: 'opened',
      mode: session === 1 ? 'run' : 'resume',
      pid: 1,
      pidStart: '1',
      version: '0',
      processes,
      retries,
      worker: 'w',
      ...changed,
    });
    if (this.#strikes(0.03)) return;
    if (!this.state.plan) this.#announce(this.state.plans[0], this.#all);
    for (const attempt of this.state.running.values()) this.#bury(attemptName(attempt), 'orphaned');
    if (session > 1 && this.#strikes(0.4)) this.#replan();
    this.emit({ type: 'owed', spans: [...this.state.failures.keys()].map((index): Span => [index, index + 1]) });
    if (again) this.emit({ type: 'owed', spans: again() });
  }

  #announce(plan: Plan | undefined, ids: readonly number[]): void {
    assert(plan);
    this.#ids = ids;
    this.emit({ type: 'planned', plan: plan.index, items: plan.count, shards: plan.shards.length, batchSize: plan.batchSize });
  }

  #replan(): void {
    const ids = otherItems(this.random, this.oracle.ids, this.#all);
    for (const id of ids) if (id >= this.#all.length) this.#all.push(id);
    const plan = planFor(ids, this.oracle.plans, { shards: this.random.int(1, 6), batchSize: this.random.int(1, 9) });
    this.state.plans.push(plan);
    this.#announce(plan, ids);
  }

  /** One session's loop. */
  #work(): 'finished' | 'killed' {
    if (!this.state.plan) return 'killed';
    for (;;) {
      assert(++this.#steps < 200_000, 'it does not come to an end');
      const { processes, spares } = this.options;
      const action = decide(this.state, this.options, { now: this.#now, givable: (attempt) => this.#givable(attemptName(attempt)) });
      if (action.do === 'finish') return 'finished';
      if (action.do === 'start') this.emit({ type: 'child-started', child: ++this.#children, pid: this.#children, pidStart: '1' });
      if (action.do === 'dispatch') this.#dispatch(action.child, action.slot, action.piece);
      if (action.do === 'retire') {
        assert(!this.#told.has(action.child), 'nobody is told twice');
        this.#tell(action.child, 'message');
      }
      if (action.do === 'halve') {
        const attempt = this.#attempts.get(attemptName(action.attempt));
        assert.equal(attempt?.halving, 'no', 'nobody is asked twice');
        attempt.halving = 'asked';
      }
      assert(this.state.running.size <= processes, 'more attempts than processes');
      const alive = [...this.state.children.values()].filter(({ phase }) => phase !== 'leaving');
      assert(alive.length <= processes + spares, 'more children than processes and spares');
      assert(this.state.children.size <= 2 * processes + spares, 'those that clean up are too many');
      if (action.do === 'start') this.#checkStagger(alive.length);
      if (action.do !== 'wait') continue;
      if (this.#strikes(0.004)) return 'killed';
      const possible = this.#possible();
      if (possible.length === 0 || (action.until < Infinity && this.random.chance(0.2))) {
        assert(action.until < Infinity, 'stuck: nothing runs, and nothing is to be done');
        assert(action.until > this.#now, 'it waits for what is past');
        this.#now = action.until;
      } else this.random.pick(possible)();
      this.#now += this.random.int(0, 19);
    }
  }

  /** Slots open one after the other, each for one child; spares come when all are open. */
  #checkStagger(alive: number): void {
    const { processes, spares, stagger } = this.options;
    const open = Math.min(processes, stagger === 0 ? processes : 1 + Math.floor((this.#now - this.#openedAt) / stagger));
    assert(alive <= (open === processes ? processes + spares : open), 'a child for a slot that is not open');
  }

  #dispatch(child: number, slot: number, piece: Piece): void {
    checkPiece(this.state, slot, piece, this.#now);
    const { shard, batch, attempt, spans, stolen, mode } = piece;
    this.#attempts.set(attemptName(piece), new Attempt(piece, this.random.chance(0.5)));
    this.emit({ type: 'dispatched', child, slot, shard, batch, attempt, spans, stolen, mode });
  }

  /** What may happen next, outside. */
  #possible(): (() => void)[] {
    const possible: (() => void)[] = [];
    for (const [child, { phase }] of this.state.children) {
      if (phase === 'starting') {
        possible.push(() => this.#sayReady(child));
        if (this.#faults > 0) possible.push(() => this.#strikes(0.3) && this.#failSetup(child));
      } else if (phase === 'ready') {
        if (this.#faults > 0) possible.push(() => this.#strikes(0.2) && this.#gone(child, 'signal'));
      } else if (phase === 'leaving') {
        possible.push(() => this.#gone(child, 'ok'));
        // It had said that it is ready before it heard that it is to go.
        if (this.#told.get(child) === 'starting') possible.push(() => this.#sayReady(child));
      }
    }
    for (const running of this.state.running.values()) possible.push(...this.#possibleOf(attemptName(running)));
    if (this.#faults > 0 && !this.state.stopping) possible.push(() => this.#strikes(0.02) && this.#stop('SIGINT', 'drain'));
    else if (this.#faults > 0 && this.state.stopping?.how === 'drain')
      possible.push(() => this.#strikes(0.2) && this.#stop('SIGINT', 'kill'));
    return possible;
  }

  #possibleOf(name: string): (() => void)[] {
    const attempt = this.#attempts.get(name);
    assert(attempt);
    if (attempt.told === 'kill') return [() => this.#die(name, 'stopped')];
    const possible: (() => void)[] = [];
    const { piece, rest, inFlight } = attempt;
    const concurrency = piece.mode === 'alone' ? 1 : this.options.concurrency;
    if (rest.length > 0 && inFlight.length < concurrency) possible.push(() => attempt.begin());
    for (const index of inFlight) possible.push(() => this.#endItem(name, index));
    if (rest.length === 0 && inFlight.length === 0) possible.push(() => this.#commit(name));
    if (attempt.halving === 'asked') possible.push(() => this.#halve(name));
    if (this.#faults > 0) possible.push(() => this.#strikes(0.1) && this.#die(name, 'signal'));
    return possible;
  }

  #endItem(name: string, index: number): void {
    const attempt = this.#attempts.get(name);
    const id = this.oracle.ids[index] ?? -1;
    const nature = this.nature(id);
    assert(attempt);
    if (attempt.halving === 'refused') attempt.halving = 'no';
    if (nature === 'good' || this.#sated.has(id)) return attempt.end(index);
    if (nature === 'kills once') this.#sated.add(id);
    if (nature !== 'throws') return this.#die(name, 'exit');
    const { retries } = this.options;
    const key = `k${index}`;
    for (let tries = (this.state.trouble.get(index)?.tries ?? 0) + 1; tries <= retries; tries++) {
      this.emit({ type: 'tried', ...idOf(attempt.piece), index, key, tries, cause: 'error', message: 'no' });
    }
    return attempt.end(index, { index, key, cause: 'error', message: 'no', tries: retries + 1 });
  }

  #halve(name: string): void {
    const attempt = this.#attempts.get(name);
    assert(attempt);
    const spans = attempt.rest.length > 0 && this.random.chance(0.8) ? attempt.halve() : [];
    attempt.halving = spans.length > 0 ? 'no' : 'refused';
    if (spans.length > 0) this.emit({ type: 'halved', ...idOf(attempt.piece), spans });
  }

  #commit(name: string): void {
    const attempt = this.#attempts.get(name);
    assert(attempt);
    const { spans, failed, ...totals } = attempt.found();
    const failures = failed.map(({ index, key, message = '', tries = 1 }): ItemFailure => ({ index, key, cause: 'error', message, tries }));
    this.emit({
      type: 'committed',
      ...idOf(attempt.piece),
      spans,
      receipt: { ...totals, failed: failures },
      salvaged: false,
      ms: 1,
      rss: 1,
    });
    this.emit({ type: 'attempt-ended', ...idOf(attempt.piece), cause: attempt.told ? 'stopped' : 'ok', suspects: [], exact: true });
    this.#attempts.delete(name);
  }

  #die(name: string, cause: Cause): void {
    const child = this.state.running.get(name)?.child;
    this.#bury(name, cause);
    if (child !== undefined) this.#gone(child, cause);
  }

  /** Keeps what the attempt of a dead child has left, as the dispatcher does. */
  #bury(name: string, cause: Cause): void {
    const running = this.state.running.get(name);
    const attempt = this.#attempts.get(name);
    assert(running && attempt);
    this.#attempts.delete(name);
    const death = { cause, retries: this.options.retries, now: this.#now, message: 'gone' };
    for (const fact of settleDeath(this.state, running, attempt.found(this.random.next()), death)) this.emit(fact);
  }

  #sayReady(child: number): void {
    if (this.#told.has(child)) this.#told.set(child, 'ready');
    this.emit({ type: 'child-ready', child, setupMs: 5 });
  }

  #tell(child: number, how: 'message' | 'SIGKILL'): void {
    this.#told.set(child, this.state.children.get(child)?.phase ?? 'gone');
    this.emit({ type: 'child-told', child, how, why: 'stopped' });
  }

  #gone(child: number, cause: Cause): void {
    this.emit({ type: 'child-ended', child, cause, code: 0, signal: null, asked: cause === 'ok', rss: 0 });
  }

  #failSetup(child: number): void {
    this.#gone(child, 'setup-failed');
    if (this.state.totals.setupFailures >= 3 && !this.state.stopping) this.#stop('setup', 'drain');
  }

  #stop(why: StopReason, how: 'drain' | 'kill'): void {
    this.emit({ type: 'stopping', why, how });
    for (const [child, { phase }] of this.state.children) {
      if (phase !== 'leaving') this.#tell(child, how === 'kill' ? 'SIGKILL' : 'message');
    }
    for (const running of this.state.running.values()) {
      const attempt = this.#attempts.get(attemptName(running));
      if (attempt) attempt.told = how === 'kill' ? 'kill' : 'stop';
    }
  }

  #givable(name: string): { items: number; ms: number } {
    const attempt = this.#attempts.get(name);
    if (!attempt || attempt.halving !== 'no' || attempt.told) return { items: 0, ms: 0 };
    return { items: attempt.rest.length, ms: attempt.rest.length * 10 };
  }

  /** True when something strikes; there is so much of it and no more, so that there is an end. */
  #strikes(probability: number): boolean {
    if (this.#faults === 0 || !this.random.chance(probability)) return false;
    this.#faults--;
    return true;
  }
}

const idOf = ({ shard, batch, attempt }: Piece): Pick<Piece, 'shard' | 'batch' | 'attempt'> => ({ shard, batch, attempt });
