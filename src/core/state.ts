import { backoff } from './backoff.ts';
import { type ChildState, follow } from './child-state.ts';
import { Commits, rowsOf } from './commits.ts';
import { Coverage, moveCoverage, moveSpans } from './coverage.ts';
import type { EndState, ItemFailure, RunEvent } from './events.ts';
import { forget } from './forget.ts';
import { dropTorn, replace, widened } from './groups.ts';
import { IntervalSet, type Span } from './intervals.ts';
import { kept } from './kept.ts';
import { attemptName } from './names.ts';
import { Scope } from './scope.ts';
import type { Plan } from './plan.ts';
import type { Running, Trouble } from './running.ts';
import { shardAt } from './slices.ts';
import { isSteering, newSteering, steer } from './steering.ts';
import type { Stopping } from './stopping.ts';
import { count, noTotals, type Totals } from './totals.ts';

/**
 * The state of a run: a fold over its journal. `apply` is the only way to change it; it does no input or output and
 * reads no clock, so that the same events always give the same state. Plans are handed in beforehand (`plans`).
 */
export class RunState {
  readonly plans: Plan[];
  readonly commits = new Commits();
  /** What each plan had when the next one replaced it; the last one is current. */
  readonly coverages: Coverage[] = [];
  /** Positions of the current plan that are to be done in this session or a later one. */
  owed = new IntervalSet();
  readonly scope = new Scope();
  /** By shard: owed positions within the scope that no running attempt has. */
  waiting: IntervalSet[] = [];
  failures = new Map<number, ItemFailure>();
  /** Where the log of a failed item is, if not in its shard's own. */
  readonly failureLogs = new Map<number, Pick<Running, 'shard' | 'batch' | 'stolen'>>();
  trouble = new Map<number, Trouble>();
  /** Positions that were under way when a child died that had not said which items it had started. */
  careful = new IntervalSet();
  readonly running = new Map<string, Running>();
  readonly children = new Map<number, ChildState>();
  /** What somebody has done to the session that is going on. */
  steering = newSteering(0);
  /** The shard that a slot works through from the front. */
  slots: (number | undefined)[] = [];
  /** By shard and batch: how many attempts there have been. */
  readonly attempts: number[][] = [];
  readonly warnings: string[] = [];
  /** Rows committed; an estimate while single items of a part have been replaced, exact once merged. */
  rows = 0;
  session = 0;
  worker = '';
  /** When the last event happened (ms since 1970). */
  lastAt = 0;
  startedAt: number | undefined;
  endedAt: number | undefined;
  stopping: Stopping | undefined;
  closed: EndState | undefined;
  merged: Extract<RunEvent, { type: 'merged' }> | undefined;
  totals: Totals = noTotals(0);

  constructor(plans: Plan[]) {
    this.plans = plans;
  }

  /** The current plan; `undefined` before the first one. */
  get plan(): Plan | undefined {
    return this.plans[this.coverages.length - 1];
  }

  /** What is committed, by position of the current plan. */
  get coverage(): Coverage {
    return this.coverages.at(-1) ?? new Coverage();
  }

  apply(event: RunEvent): void {
    this.lastAt = event.at;
    if (event.type === 'opened') this.totals = noTotals(event.at, this.totals.calls);
    else count(this.totals, event);
    follow(this.children, event);
    if (isSteering(event)) return steer(this, event);
    switch (event.type) {
      case 'opened':
        this.session++;
        this.startedAt ??= event.at;
        this.endedAt = undefined;
        this.worker = event.worker;
        this.stopping = undefined;
        this.closed = undefined;
        this.steering = newSteering(event.processes);
        this.slots = Array.from({ length: event.processes }, () => undefined);
        this.trouble.clear();
        this.careful = new IntervalSet();
        this.scope.open(event);
        this.#wait();
        if (event.changed === 'fresh') this.#forget();
        return;
      case 'planned':
        return this.#replan();
      case 'owed':
        return this.#owe(event.spans);
      case 'scoped':
        this.scope.positions = new IntervalSet(event.spans);
        return this.#wait();
      case 'dispatched':
        return this.#dispatch(event);
      case 'halved':
        this.running.get(attemptName(event))?.unsettled.removeAll(event.spans);
        this.#waitingOf(event.shard).addAll(event.spans);
        return;
      case 'tried':
        this.trouble.set(event.index, { tries: event.tries, alone: false, notBefore: 0 });
        return;
      case 'item-failed':
        this.running.get(attemptName(event))?.unsettled.remove(event.failure.index, event.failure.index + 1);
        return this.#fail(event.failure, this.running.get(attemptName(event)));
      case 'committed':
        return this.#commit(event);
      case 'attempt-ended':
        return this.#endAttempt(event);
      case 'warned':
        return void this.warnings.push(event.message);
      case 'stopping':
        return void (this.stopping = event);
      case 'merged':
        if (this.stopping?.why === 'merge') this.stopping = undefined;
        return void (this.merged = event);
      case 'closed':
        this.closed = event.state;
        this.endedAt = event.at;
        return;
      case 'child-started':
      case 'child-ready':
      case 'child-told':
      case 'child-ended':
      case 'guard-started':
      case 'limit-near':
      case 'memory-free':
      case 'matched':
      case 'called':
      case 'reserved':
        return;
    }
  }

  #forget(): void {
    // A run that was killed before its first plan became current has nothing to forget.
    if (this.coverages.length === 0) return;
    this.coverages.splice(this.coverages.length - 1, 1, new Coverage());
    for (let plan = 0; plan < this.coverages.length - 1; plan++) this.coverages[plan] = new Coverage();
    this.failures.clear();
    this.trouble.clear();
    this.running.clear();
    this.rows = 0;
    this.merged = undefined;
    this.owed = new IntervalSet([[0, this.plan?.count ?? 0]]);
    this.#wait();
  }

  #replan(): void {
    const plan = this.plans[this.coverages.length];
    if (!plan) throw new Error('the journal names a plan that is not there');
    // A failed item is owed again, also where rows of an earlier try are still there.
    for (const index of this.failures.keys()) this.owed.add(index, index + 1);
    const coverage = moveCoverage(plan.moves, this.coverages);
    dropTorn(coverage, this.commits.groupsOf);
    const owed = new IntervalSet(coverage.gaps(0, plan.count));
    owed.addAll(moveSpans(plan.moves, this.coverages.length - 1, this.owed));
    this.coverages.push(coverage);
    this.rows = rowsOf(this.coverage.within(0, plan.count), this.commits);
    this.owed = owed;
    this.failures.clear();
    this.trouble.clear();
    this.careful = new IntervalSet();
    this.#wait();
  }

  #wait(): void {
    this.waiting = this.scope.split(this.owed, this.plan?.shards ?? []);
    for (const attempt of this.running.values()) this.#waitingOf(attempt.shard).removeAll(attempt.unsettled.spans());
  }

  #owe(asked: readonly Span[]): void {
    const spans = widened(asked, this.coverage, this.commits.groupsOf);
    this.owed.addAll(spans);
    forget(this.failures, spans);
    forget(this.trouble, spans);
    this.#wait();
  }

  #dispatch(event: Extract<RunEvent, { type: 'dispatched' }>): void {
    const { shard, batch, attempt, child, slot, stolen, mode } = event;
    const name = attemptName(event);
    this.#waitingOf(shard).removeAll(event.spans);
    this.running.set(name, { shard, batch, attempt, child, slot, stolen, mode, since: event.at, unsettled: new IntervalSet(event.spans) });
    (this.attempts[shard] ??= [])[batch] = attempt;
    if (!stolen) this.slots[slot] = shard;
  }

  #commit(event: Extract<RunEvent, { type: 'committed' }>): void {
    const { spans, receipt } = event;
    const number = this.commits.add(this.coverages.length - 1, event, spans, receipt);
    const attempt = this.running.get(attemptName(event));
    this.rows += receipt.rows;
    for (const [start, end] of spans) {
      const lost = replace(this.coverage, this.commits, { start, end, commit: number, from: start, step: 1 });
      this.rows -= lost.rows;
      if (lost.rest.length > 0) this.#owe(lost.rest);
      for (const set of [this.owed, this.careful, attempt?.unsettled]) set?.remove(start, end);
    }
    forget(this.failures, spans);
    forget(this.trouble, spans);
    for (const failure of receipt.failed) {
      attempt?.unsettled.remove(failure.index, failure.index + 1);
      this.#fail(failure, attempt);
    }
  }

  #fail(failure: ItemFailure, attempt: Running | undefined): void {
    this.failures.set(failure.index, kept(failure, this.failures.size));
    if (attempt?.stolen) this.failureLogs.set(failure.index, { shard: attempt.shard, batch: attempt.batch, stolen: true });
    else this.failureLogs.delete(failure.index);
    this.trouble.delete(failure.index);
    for (const set of [this.owed, this.careful]) set.remove(failure.index, failure.index + 1);
  }

  #endAttempt(event: Extract<RunEvent, { type: 'attempt-ended' }>): void {
    const attempt = this.running.get(attemptName(event));
    if (!attempt) return;
    this.running.delete(attemptName(event));
    const rest = attempt.unsettled.spans();
    this.#waitingOf(attempt.shard).addAll(rest);
    if (event.cause === 'ok' || event.cause === 'stopped' || event.cause === 'orphaned') return;
    if (!event.exact) return this.careful.addAll(rest);
    for (const [start, end] of event.suspects) {
      for (let index = start; index < end; index++) {
        const tries = this.trouble.get(index)?.tries ?? 0;
        this.trouble.set(index, { tries, alone: true, notBefore: event.at + (tries > 0 ? backoff(tries) : 0) });
      }
    }
  }

  #waitingOf(shard: number): IntervalSet {
    return (this.waiting[shard] ??= new IntervalSet());
  }

  /** The shard of a position in the current plan. */
  shardOf(position: number): number {
    return shardAt(this.plan?.shards ?? [], position);
  }
}
