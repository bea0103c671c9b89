import { describe, expect, it } from 'vitest';
import { plainReporter } from '../../src/reporters/plain.ts';
import { createSink } from '../../src/reporters/sink.ts';
import type { Snapshot } from '../../src/core/report.ts';
import { committed, createSource, event, failure, ManualClock, Paper, report } from './support.ts';

function begin(start: Partial<Snapshot> = {}) {
  const paper = new Paper();
  const clock = new ManualClock();
  const source = createSource(start);
  const reporter = plainReporter(createSink(paper), source, clock, 24e9);
  /** The lines printed since the last look. */
  const fresh = (): string[] => {
    const { lines } = paper;
    paper.chunks = [];
    return lines;
  };
  return { paper, clock, source, reporter, fresh };
}

const planned = (items: number, shards: number, batchSize: number) => event({ type: 'planned', plan: 0, items, shards, batchSize });
const dispatched = (start: number, end: number, mode: 'normal' | 'alone' = 'normal') =>
  event({ type: 'dispatched', shard: 0, batch: start, attempt: 1, child: 1, slot: 0, spans: [[start, end]], stolen: false, mode });

describe('batch lines', () => {
  it('say which batch, which items, how long and how much memory', () => {
    const { reporter, fresh } = begin();
    reporter.onEvent(planned(4800, 4, 200));
    fresh();
    reporter.onEvent(committed(400, 600));
    reporter.onEvent(committed(600, 800, { ms: 850, rss: 2.4e9 }));
    expect(fresh()).toEqual([
      'Batch  1/24  [400,600)  ok  47.1s  200 items  RSS 182 MB (0.8 %)',
      'Batch  2/24  [600,800)  ok  850ms  200 items  RSS 2.4 GB (10.0 %)',
    ]);
  });

  it('count the batches of shards whose sizes differ', () => {
    const { reporter, fresh } = begin();
    // 26, 25, 25, 25 items: the first shard has one batch more.
    reporter.onEvent(planned(101, 4, 25));
    reporter.onEvent(committed(0, 25));
    expect(fresh().at(-1)).toMatch(/^Batch 1\/5 {2}/);
  });

  it('say what was saved of a child that died, and what failed', () => {
    const { reporter, fresh } = begin();
    reporter.onEvent(planned(4800, 4, 200));
    reporter.onEvent(dispatched(400, 600));
    fresh();
    reporter.onEvent(committed(400, 500, { salvaged: true }, [failure()]));
    expect(fresh()).toEqual([
      'Batch  1/25  [400,500)  salvaged  47.1s  99 items  1 failed  RSS 182 MB (0.8 %)',
      'Failed  AAPL (item 17, shard 0) after 3 tries: error: no answer',
    ]);
  });

  it('count one batch more for a half that another slot takes', () => {
    const { reporter, fresh } = begin();
    reporter.onEvent(planned(400, 2, 200));
    reporter.onEvent(dispatched(0, 200));
    reporter.onEvent(event({ type: 'halved', shard: 0, batch: 0, attempt: 1, spans: [[100, 200]] }));
    reporter.onEvent(committed(0, 100));
    expect(fresh().at(-1)).toMatch(/^Batch 1\/3 /);
  });

  it('never count more than there are', () => {
    const { reporter, fresh } = begin();
    reporter.onEvent(planned(200, 1, 200));
    for (const at of [0, 1, 2]) reporter.onEvent(committed(at, at + 1));
    expect(fresh().at(-1)).toMatch(/^Batch 3\/3 /);
  });

  it('reckon how many there will be where this session planned none', () => {
    const { reporter, source, fresh } = begin({ total: 3600, done: 3000 });
    reporter.onEvent(dispatched(3000, 3200));
    source.set({ done: 3200 });
    reporter.onEvent(committed(3000, 3200));
    expect(fresh()).toEqual(['Batch 1/~3  [3000,3200)  ok  47.1s  200 items  RSS 182 MB (0.8 %)']);
  });

  it('of many spans show the first three', () => {
    const { reporter, fresh } = begin();
    reporter.onEvent(committed(0, 1, { spans: [[0, 1], [3, 4], [5, 6], [8, 9]] })); // prettier-ignore
    expect(fresh()[0]).toContain('  [0,1) [3,4) [5,6) …  ok');
  });
});

describe('a flood', () => {
  it('of 20,000 batches prints 10 lines and then one a second, which says how many', () => {
    const { reporter, clock, source, fresh } = begin({ total: 20_000 });
    reporter.onEvent(planned(20_000, 4, 1));
    fresh();
    for (let at = 0; at < 10_000; at++) reporter.onEvent(committed(at, at + 1));
    expect(fresh()).toHaveLength(10);
    clock.advance(1000);
    expect(fresh()).toEqual(['Batch 10000/20000  9,990 more batches ok  9,990 items  RSS up to 182 MB (0.8 %)']);
    for (let at = 10_000; at < 20_000; at++) reporter.onEvent(committed(at, at + 1, { rss: 200e6 }, [failure()]));
    source.set({ done: 10_000, failed: 10_000 });
    expect(fresh()).toHaveLength(10);
    reporter.onEnd(report());
    expect(fresh()).toEqual([
      'Batch 20000/20000  10,000 more batches ok  0 items  10,000 failed  RSS up to 200 MB (0.8 %)',
      '… and 9,990 more failed items',
      'Progress 20000/20000 (100.0 %)  10,000 failed',
    ]);
  });

  it('that is over lets single lines through again', () => {
    const { reporter, clock, fresh } = begin();
    for (let at = 0; at < 100; at++) reporter.onEvent(committed(at, at + 1));
    clock.advance(2000);
    fresh();
    reporter.onEvent(committed(500, 600));
    expect(fresh()[0]).toContain('[500,600)');
  });
});

describe('progress lines', () => {
  it('come at most every 5 seconds', () => {
    const { clock, source, fresh } = begin({ done: 0, rate: 12.34, etaSeconds: 273 });
    source.set({ done: 240 });
    clock.advance(4900);
    expect(fresh()).toEqual([]);
    clock.advance(100);
    expect(fresh()).toEqual(['Progress 240/3600 (6.7 %)  12.3 items/s  ETA 4m33s']);
    source.set({ done: 300, failed: 6 });
    clock.advance(4900);
    expect(fresh()).toEqual([]);
    clock.advance(100);
    expect(fresh()).toEqual(['Progress 306/3600 (8.5 %)  6 failed  12.3 items/s  ETA 4m33s']);
  });

  it('leave out what is not known yet', () => {
    const { clock, source, fresh } = begin();
    source.set({ done: 1 });
    clock.advance(5000);
    expect(fresh()).toEqual(['Progress 1/3600 (0.0 %)']);
  });

  it('come once a minute while nothing moves', () => {
    const { clock, source, fresh } = begin();
    source.set({ done: 1 });
    clock.advance(5000);
    fresh();
    source.set({ rate: 0.001 });
    clock.advance(59_000);
    expect(fresh()).toEqual([]);
    clock.advance(1000);
    expect(fresh()).toEqual(['Progress 1/3600 (0.0 %)  3.6 items/h']);
  });

  it('come not before the items are known', () => {
    const { clock, reporter, fresh } = begin({ phase: 'planning', total: 0 });
    clock.advance(120_000);
    reporter.onEnd(report());
    expect(fresh()).toEqual([]);
  });

  it('end with the last state, after which nothing ticks', () => {
    const { clock, reporter, source, fresh } = begin();
    source.set({ done: 3600, rate: 200.4, etaSeconds: 0 });
    reporter.onEnd(report());
    expect(fresh()).toEqual(['Progress 3600/3600 (100.0 %)  200 items/s']);
    expect(clock.timers).toBe(0);
  });
});
