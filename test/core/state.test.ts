import { describe, expect, test } from 'vitest';
import type { ItemFailure, Receipt, RunEvent } from '../../src/core/events.ts';
import type { Span } from '../../src/core/intervals.ts';
import type { Plan } from '../../src/core/plan.ts';
import { RunState } from '../../src/core/state.ts';
import type { Fact } from '../../src/run/settle.ts';

const plan = (index: number, count: number, moves: Plan['moves'] = []): Plan => ({
  version: 1,
  index,
  items: { kind: 'range', start: 0, end: count },
  count,
  batchSize: 5,
  shards: [
    [0, Math.ceil(count / 2)],
    [Math.ceil(count / 2), count],
  ],
  emptyShards: 0,
  moves,
});

const receipt = (items: number, failed: readonly ItemFailure[] = []): Receipt => ({
  items,
  rows: items * 2,
  bytes: items * 10,
  crc32: 1,
  layout: 'plain',
  ledgerLines: items,
  ledgerBytes: items,
  ledgerCrc32: 1,
  failed,
  itemMs: items,
});

const failure = (index: number): ItemFailure => ({ index, key: `k${index}`, cause: 'error', message: 'no', tries: 3 });
const id = { shard: 0, batch: 0, attempt: 1 };

class Run {
  readonly state: RunState;
  at = 0;

  constructor(...plans: Plan[]) {
    this.state = new RunState(plans);
  }

  apply(...facts: Fact[]): this {
    for (const fact of facts) this.state.apply({ at: ++this.at, ...fact } as RunEvent);
    return this;
  }

  open(changed?: 'keep' | 'fresh'): this {
    const extra = changed === undefined ? {} : { changed };
    return this.apply({
      type: 'opened',
      mode: 'run',
      pid: 1,
      pidStart: '1',
      version: '0',
      processes: 2,
      retries: 2,
      worker: 'w',
      ...extra,
    });
  }

  planned(index: number): this {
    return this.apply({ type: 'planned', plan: index, items: 0, shards: 2, batchSize: 5 });
  }

  dispatch(spans: readonly Span[], attempt = 1, stolen = false): this {
    const child = { child: attempt, pid: 10 + attempt, pidStart: '1' };
    return this.apply(
      { type: 'child-started', ...child },
      { type: 'child-ready', child: attempt, setupMs: 1 },
      { type: 'dispatched', ...id, attempt, child: attempt, slot: 0, spans, stolen, mode: 'normal' },
    );
  }

  commit(spans: readonly Span[], items: number, failed: readonly ItemFailure[] = [], attempt = 1): this {
    return this.apply(
      { type: 'committed', ...id, attempt, spans, receipt: receipt(items, failed), salvaged: false, ms: 1, rss: 7 },
      { type: 'attempt-ended', ...id, attempt, cause: 'ok', suspects: [], exact: true },
    );
  }
}

describe('the state of a run', () => {
  test('a failed item leaves no rows, is not owed, and is owed again when somebody asks for it', () => {
    const { state } = new Run(plan(0, 10))
      .open()
      .planned(0)
      .dispatch([[0, 5]])
      .commit(
        [
          [0, 2],
          [3, 5],
        ],
        4,
        [failure(2)],
      );
    expect(state.coverage.has(2)).toBe(false);
    expect(state.owed.spans()).toEqual([[5, 10]]);
    expect([...state.failures.keys()]).toEqual([2]);
    expect(state.rows).toBe(8);
    state.apply({ at: 99, type: 'owed', spans: [[2, 3]] });
    expect(state.failures.size).toBe(0);
    expect(state.waiting.map((waiting) => waiting.spans())).toEqual([[[2, 3]], [[5, 10]]]);
  });

  test('old rows stay until new ones are committed, and stay when the new try fails', () => {
    const run = new Run(plan(0, 10))
      .open()
      .planned(0)
      .dispatch([[0, 5]])
      .commit([[0, 5]], 5);
    run.apply({ type: 'owed', spans: [[0, 5]] });
    expect(run.state.coverage.size).toBe(5);
    run.dispatch([[0, 5]], 2).commit([[0, 4]], 4, [failure(4)], 2);
    expect(run.state.coverage.segments.map(({ start, end, commit }) => [start, end, commit])).toEqual([
      [0, 4, 1],
      [4, 5, 0],
    ]);
    expect(run.state.failures.has(4)).toBe(true);
    expect(run.state.rows).toBe(10);
  });

  test('what a dead child did not commit waits again, and who was in flight is to be done alone, later each time', () => {
    const run = new Run(plan(0, 10))
      .open()
      .planned(0)
      .dispatch([[0, 5]]);
    run.apply(
      { type: 'tried', ...id, index: 1, key: 'k1', tries: 1, cause: 'exit', message: 'gone' },
      { type: 'attempt-ended', ...id, cause: 'exit', suspects: [[1, 2]], exact: true },
    );
    expect(run.state.waiting[0]?.spans()).toEqual([[0, 5]]);
    expect(run.state.trouble.get(1)).toEqual({ tries: 1, alone: true, notBefore: run.at + 1000 });
    run.apply({ type: 'opened', mode: 'resume', pid: 1, pidStart: '1', version: '0', processes: 2, retries: 2, worker: 'w' });
    expect(run.state.trouble.size, 'a resume counts tries anew').toBe(0);
  });

  test('a death without a suspect makes the rest careful, one that we caused does not', () => {
    const died = new Run(plan(0, 10))
      .open()
      .planned(0)
      .dispatch([[0, 5]]);
    died.apply({ type: 'attempt-ended', ...id, cause: 'signal', suspects: [], exact: false });
    expect(died.state.careful.spans()).toEqual([[0, 5]]);
    const stopped = new Run(plan(0, 10))
      .open()
      .planned(0)
      .dispatch([[0, 5]]);
    stopped.apply({ type: 'attempt-ended', ...id, cause: 'stopped', suspects: [], exact: true });
    expect(stopped.state.careful.size).toBe(0);
  });

  test('what is settled is neither careful nor in trouble any more', () => {
    const run = new Run(plan(0, 10))
      .open()
      .planned(0)
      .dispatch([[0, 5]]);
    run.apply(
      { type: 'attempt-ended', ...id, cause: 'signal', suspects: [], exact: false },
      { type: 'tried', ...id, index: 0, key: 'k0', tries: 1, cause: 'error', message: 'no' },
      { type: 'tried', ...id, index: 3, key: 'k3', tries: 1, cause: 'error', message: 'no' },
    );
    run.dispatch([[0, 5]], 2).commit([[0, 3]], 3, [failure(3)], 2);
    expect(run.state.careful.spans()).toEqual([[4, 5]]);
    expect(run.state.trouble.size).toBe(0);
  });

  test('a child that says it is ready after it was told to go is not given work', () => {
    const run = new Run(plan(0, 10)).open().planned(0);
    run.apply(
      { type: 'child-started', child: 1, pid: 2, pidStart: '1' },
      { type: 'child-told', child: 1, how: 'message', why: 'stopped' },
      { type: 'child-ready', child: 1, setupMs: 1 },
    );
    expect(run.state.children.get(1)?.phase).toBe('leaving');
  });

  test('a new plan knows what the earlier ones have, wherever it went, and owes the rest', () => {
    const reversed = plan(1, 12, [{ to: 2, plan: 0, from: 9, length: 10, step: -1 }]);
    const run = new Run(plan(0, 10), reversed)
      .open()
      .planned(0)
      .dispatch([[0, 5]])
      .commit([[0, 4]], 4, [failure(4)]);
    run.planned(1);
    // Positions 0 to 3 of ten are now 11 down to 8; the failed one, 4, is 7.
    expect(run.state.coverage.segments).toEqual([{ start: 8, end: 12, commit: 0, from: 3, step: -1 }]);
    expect(run.state.owed.spans()).toEqual([[0, 8]]);
    expect(run.state.failures.size).toBe(0);
    expect(run.state.rows).toBe(8);
    expect(run.state.commits.get(0).plan).toBe(0);
  });

  test('an item that was to be done again is so under a new plan too', () => {
    const same = plan(1, 10, [{ to: 0, plan: 0, from: 0, length: 10, step: 1 }]);
    const run = new Run(plan(0, 10), same)
      .open()
      .planned(0)
      .dispatch([[0, 5]])
      .commit([[0, 5]], 5);
    run.apply({ type: 'owed', spans: [[1, 3]] }).planned(1);
    expect(run.state.owed.spans()).toEqual([
      [1, 3],
      [5, 10],
    ]);
    expect(run.state.coverage.size).toBe(5);
  });

  test('an item whose rerun failed is owed again under a new plan, and has its old rows until then', () => {
    const same = plan(1, 10, [{ to: 0, plan: 0, from: 0, length: 10, step: 1 }]);
    const run = new Run(plan(0, 10), same)
      .open()
      .planned(0)
      .dispatch([[0, 5]])
      .commit([[0, 5]], 5);
    run.apply({ type: 'owed', spans: [[2, 3]] });
    run
      .dispatch([[2, 3]], 2)
      .commit([], 0, [failure(2)], 2)
      .planned(1);
    expect(run.state.owed.spans()).toEqual([
      [2, 3],
      [5, 10],
    ]);
    expect(run.state.coverage.size).toBe(5);
  });

  test('names of attempts are not given again under a new plan', () => {
    const run = new Run(plan(0, 10), plan(1, 10))
      .open()
      .planned(0)
      .dispatch([[0, 5]])
      .commit([[0, 5]], 5)
      .planned(1);
    expect(run.state.attempts[0]?.[0]).toBe(1);
  });

  test('a changed worker whose rows are to be thrown away: everything is owed, under every plan', () => {
    const same = plan(1, 10, [{ to: 0, plan: 0, from: 0, length: 10, step: 1 }]);
    const run = new Run(plan(0, 10), same)
      .open()
      .planned(0)
      .dispatch([[0, 5]])
      .commit([[0, 5]], 5)
      .open('fresh');
    expect(run.state.coverage.size).toBe(0);
    expect(run.state.owed.spans()).toEqual([[0, 10]]);
    expect(run.state.rows).toBe(0);
    run.planned(1);
    expect(run.state.owed.spans()).toEqual([[0, 10]]);
    expect(
      new Run(plan(0, 10))
        .open()
        .open('keep')
        .planned(0)
        .dispatch([[0, 5]])
        .commit([[0, 5]], 5)
        .open('keep').state.coverage.size,
    ).toBe(5);
  });

  test('a changed worker before the first plan is no reason to stumble', () => {
    const { state } = new Run(plan(0, 10)).open('fresh').planned(0);
    expect(state.plan?.index).toBe(0);
    expect(state.owed.spans()).toEqual([[0, 10]]);
  });

  test('a plan that is not there is an error', () => {
    expect(() => new Run(plan(0, 10)).open().planned(0).planned(1)).toThrow('names a plan that is not there');
  });

  test('given-up positions wait for others while the attempt runs on', () => {
    const { state } = new Run(plan(0, 10))
      .open()
      .planned(0)
      .dispatch([[0, 5]])
      .apply({ type: 'halved', ...id, spans: [[3, 5]] });
    expect(state.waiting[0]?.spans()).toEqual([[3, 5]]);
    expect([...state.running.values()].map(({ unsettled }) => unsettled.spans())).toEqual([[[0, 3]]]);
  });

  test('of the message of a failed item only the beginning is kept', () => {
    const { state } = new Run(plan(0, 10))
      .open()
      .planned(0)
      .dispatch([[0, 5]])
      .commit([], 0, [{ ...failure(1), message: 'x'.repeat(2000) }, failure(2)]);
    expect([state.failures.get(1)?.message, state.failures.get(2)?.message]).toEqual([`${'x'.repeat(199)}…`, 'no']);
  });

  test('where the log of a failed item is: with the shard, or with the batch that another slot took', () => {
    const own = new Run(plan(0, 10))
      .open()
      .planned(0)
      .dispatch([[0, 5]])
      .commit([], 0, [failure(2)]);
    expect(own.state.failureLogs.has(2)).toBe(false);
    const taken = new Run(plan(0, 10))
      .open()
      .planned(0)
      .dispatch([[0, 5]], 1, true)
      .commit([], 0, [failure(2)]);
    expect(taken.state.failureLogs.get(2)).toEqual({ shard: 0, batch: 0, stolen: true });
  });
});
