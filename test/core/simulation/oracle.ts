import { strict as assert } from 'node:assert';
import type { RunEvent } from '../../../src/core/events.ts';
import type { Span } from '../../../src/core/intervals.ts';
import { attemptName } from '../../../src/core/names.ts';
import type { RunState } from '../../../src/core/state.ts';

/**
 * What a run knows, kept in sets of the items' identities, one item at a time: slow and plain. `observe` refuses what must never
 * happen, `compare` finds where a state says something else.
 */
export class Oracle {
  /** By plan and position: which item it is. */
  readonly plans: (readonly number[])[] = [];
  readonly committed = new Map<number, number>();
  readonly failed = new Set<number>();
  #owed = new Set<number>();
  /** By position: the running attempt that has it. */
  readonly #held = new Map<number, string>();
  readonly #names = new Set<string>();
  readonly #children = new Map<number, 'starting' | 'ready' | 'used'>();
  #commits = 0;

  get ids(): readonly number[] {
    return this.plans.at(-1) ?? [];
  }

  observe(event: RunEvent): void {
    switch (event.type) {
      case 'opened':
        this.#children.clear();
        if (event.changed !== 'fresh') return;
        this.committed.clear();
        this.failed.clear();
        this.#held.clear();
        this.#owed = new Set(this.ids);
        return;
      case 'owed':
        return this.#each(event.spans, (_, id) => {
          this.#owed.add(id);
          this.failed.delete(id);
        });
      case 'child-started':
        return void this.#children.set(event.child, 'starting');
      case 'child-ready':
        if (this.#children.get(event.child) === 'starting') this.#children.set(event.child, 'ready');
        return;
      case 'dispatched':
        assert.equal(this.#children.get(event.child), 'ready', 'only a child that is ready, and has had no work, gets work');
        this.#children.set(event.child, 'used');
        assert(!this.#names.has(attemptName(event)), `${attemptName(event)} is dispatched twice`);
        this.#names.add(attemptName(event));
        assert(event.spans.length > 0, 'an attempt has work');
        return this.#each(event.spans, (position, id) => {
          assert(!this.#held.has(position), `${position} is given to two attempts`);
          assert(this.#owed.has(id), `${position} is dispatched but not owed`);
          this.#held.set(position, attemptName(event));
        });
      case 'halved':
        return this.#each(event.spans, (position) => this.#release(position, attemptName(event)));
      case 'committed':
        this.#each(event.spans, (position, id) => {
          this.#release(position, attemptName(event));
          this.committed.set(id, this.#commits);
          this.failed.delete(id);
          this.#owed.delete(id);
        });
        this.#commits++;
        for (const { index } of event.receipt.failed) this.#fail(index, attemptName(event));
        return;
      case 'item-failed':
        return this.#fail(event.failure.index, attemptName(event));
      case 'attempt-ended':
        for (const [position, name] of this.#held) if (name === attemptName(event)) this.#held.delete(position);
        return;
    }
  }

  /** A new list of items is current. */
  replan(ids: readonly number[]): void {
    const known = new Set(this.ids);
    this.#owed = new Set(ids.filter((id) => !this.committed.has(id) || (known.has(id) && (this.#owed.has(id) || this.failed.has(id)))));
    this.plans.push(ids);
    this.failed.clear();
  }

  /** Finds where a state says something else, after this event. */
  compare(state: RunState, event: RunEvent): void {
    if (event.type.startsWith('child-')) return;
    const positions = [...this.ids.keys()];
    const idAt = (position: number): number => this.ids[position] ?? -1;
    const owed = positions.filter((position) => this.#owed.has(idAt(position)));
    same(listOf(state.owed.spans()), owed, 'owed');
    const failed = [...state.failures.keys()].toSorted((a, b) => a - b);
    same(
      failed,
      positions.filter((position) => this.failed.has(idAt(position))),
      'failures',
    );
    const waiting = state.waiting.flatMap((shard) => listOf(shard.spans()));
    same(
      waiting,
      owed.filter((position) => !this.#held.has(position)),
      'waiting',
    );
    if (!['opened', 'planned', 'committed'].includes(event.type)) return;
    for (const position of positions) {
      const segment = state.coverage.at(position);
      const id = idAt(position);
      if (segment?.commit !== this.committed.get(id)) assert.fail(`position ${position} is said to be in commit ${segment?.commit}`);
      if (!segment) continue;
      const from = segment.from + (position - segment.start) * segment.step;
      const { plan } = state.commits.get(segment.commit);
      if (this.plans[plan]?.[from] !== id) assert.fail(`position ${position} was not ${from} when it was committed`);
    }
  }

  /** Everything is committed or failed. */
  settled(): void {
    for (const id of this.ids) assert(this.committed.has(id) || this.failed.has(id), `item ${id} is neither committed nor failed`);
    assert.equal(this.#owed.size, 0);
    assert.equal(this.#held.size, 0);
  }

  #fail(position: number, name: string): void {
    this.#release(position, name);
    const id = this.ids[position] ?? -1;
    this.failed.add(id);
    this.#owed.delete(id);
  }

  #release(position: number, name: string): void {
    assert.equal(this.#held.get(position), name, `position ${position} belongs to ${name}`);
    this.#held.delete(position);
  }

  #each(spans: readonly Span[], visit: (position: number, id: number) => void): void {
    for (const position of listOf(spans)) visit(position, this.ids[position] ?? -1);
  }
}

function same(found: readonly number[], expected: readonly number[], what: string): void {
  if (found.join() !== expected.join()) assert.fail(`${what}: the state says ${found.join()}; it is ${expected.join()}`);
}

export const listOf = (spans: readonly Span[]): number[] =>
  spans.flatMap(([start, end]) => Array.from({ length: end - start }, (_, at) => start + at));
