import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ItemFailure, Receipt, RunEvent } from '../../src/core/events.ts';
import { IntervalSet, type Span } from '../../src/core/intervals.ts';
import { RunState } from '../../src/core/state.ts';
import { NOTHING_UNDERWAY, tally } from '../../src/core/tally.ts';
import type { Fact } from '../../src/run/settle.ts';

const COUNT = 10;
const HALF = 5;

/** A run of ten items in two shards; batches of it settle, or are left running. */
class Run {
  readonly state = new RunState([
    {
      version: 1,
      index: 0,
      items: { kind: 'range', start: 0, end: COUNT },
      count: COUNT,
      batchSize: HALF,
      shards: [
        [0, HALF],
        [HALF, COUNT],
      ],
      emptyShards: 0,
      moves: [],
    },
  ]);
  #attempt = 0;

  constructor() {
    this.#apply({ type: 'opened', mode: 'run', pid: 1, pidStart: '1', version: '0', processes: 2, retries: 0, worker: 'w' });
    this.#apply({ type: 'planned', plan: 0, items: COUNT, shards: 2, batchSize: HALF });
  }

  owe(...spans: readonly Span[]): this {
    return this.#apply({ type: 'owed', spans });
  }

  dispatch(shard: number, spans: readonly Span[]): this {
    const id = { shard, batch: 0, attempt: ++this.#attempt };
    return this.#apply({ type: 'dispatched', ...id, child: this.#attempt, slot: shard, spans, stolen: false, mode: 'normal' });
  }

  /** Commits the last attempt, these positions of it failed. */
  commit(spans: readonly Span[], failed: readonly number[] = []): this {
    const id = { shard: 0, batch: 0, attempt: this.#attempt };
    for (const attempt of this.state.running.values()) if (attempt.attempt === this.#attempt) Object.assign(id, { shard: attempt.shard });
    const failures = failed.map((index): ItemFailure => ({ index, key: `${index}`, cause: 'error', message: '', tries: 1 }));
    const sums = { items: 1, rows: 1, bytes: 1, crc32: 1, ledgerLines: 1, ledgerBytes: 1, ledgerCrc32: 1, itemMs: 1 };
    const receipt: Receipt = { ...sums, layout: 'plain', failed: failures };
    this.#apply({ type: 'committed', ...id, spans, receipt, salvaged: false, ms: 1, rss: 1 });
    return this.#apply({ type: 'attempt-ended', ...id, cause: 'ok', suspects: [], exact: true });
  }

  #apply(fact: Fact): this {
    this.state.apply({ at: 1, ...fact } as RunEvent);
    return this;
  }
}

const all = (run: Run, settled = 0): ReturnType<typeof tally> =>
  tally(run.state, { attempts: [...run.state.running.values()], settled: () => settled });

test('an interrupted rerun: what is to be done again is not done, though its rows are there', () => {
  const run = new Run().dispatch(0, [[0, 5]]).commit([[0, 5]]);
  run.dispatch(1, [[5, 10]]).commit([[5, 10]]);
  run.owe([0, 8]).dispatch(0, [[0, 1]]);
  expect(run.state.coverage.size).toBe(10);
  expect(all(run)).toEqual({ total: 10, done: 2, failed: 0, running: 1, waiting: 7 });
  expect(tally(run.state, NOTHING_UNDERWAY)).toEqual({ total: 10, done: 2, failed: 0, running: 0, waiting: 8 });
  // Its child has finished the item and not yet handed it in.
  expect(all(run, 1)).toEqual({ total: 10, done: 3, failed: 0, running: 0, waiting: 7 });
  expect(tally(run.state, NOTHING_UNDERWAY, 5, 10)).toEqual({ total: 5, done: 2, failed: 0, running: 0, waiting: 3 });
});

test('a failed item with old rows is done, one without is not', () => {
  const run = new Run().dispatch(0, [[0, 5]]).commit([[0, 4]], [4]);
  run
    .owe([3, 5])
    .dispatch(0, [[3, 5]])
    .commit([], [3, 4]);
  expect([...run.state.failures.keys()]).toEqual([3, 4]);
  expect(all(run)).toEqual({ total: 10, done: 4, failed: 1, running: 0, waiting: 5 });
});

test('the parts are always the whole, for the run and for its shards', () => {
  const cell = fc.constantFrom('commit', 'fail', 'owe', 'dispatch');
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, fc.nat(COUNT - 1)), { maxLength: 30 }), fc.nat(3), (steps, settled) => {
      const run = new Run();
      for (const [what, index] of steps) {
        const span: Span = [index, index + 1];
        const shard = index < HALF ? 0 : 1;
        const isRunning = [...run.state.running.values()].some(({ unsettled }) => unsettled.has(index));
        if (isRunning) continue;
        if (what === 'owe') run.owe(span);
        else if (run.state.owed.has(index)) {
          run.dispatch(shard, [span]);
          if (what === 'commit') run.commit([span]);
          else if (what === 'fail') run.commit([], [index]);
        }
        const whole = all(run, settled);
        expect(whole.total).toBe(COUNT);
        expect(whole.done + whole.failed + whole.running + whole.waiting).toBe(COUNT);
        expect(Math.min(...Object.values(whole))).toBeGreaterThanOrEqual(0);
        const shards = [tally(run.state, NOTHING_UNDERWAY, 0, HALF), tally(run.state, NOTHING_UNDERWAY, HALF, COUNT)];
        expect(shards.reduce((sum, { done }) => sum + done, 0)).toBe(tally(run.state, NOTHING_UNDERWAY).done);
        expect(shards.reduce((sum, { failed }) => sum + failed, 0)).toBe(whole.failed);
      }
      expect(new IntervalSet(run.state.owed.within()).size).toBe(tally(run.state, NOTHING_UNDERWAY).waiting);
    }),
  );
});
