import { Chalk } from 'chalk';
import { expect, onTestFinished, test, vi } from 'vitest';
import { formatPlan } from '../../src/commands/plan.ts';
import { rerunChoice } from '../../src/commands/rerun.ts';
import { formatRuns } from '../../src/commands/runs.ts';
import { formatSnapshot } from '../../src/commands/snapshot.ts';
import { formatStatus } from '../../src/commands/status-text.ts';
import type { FailureRow, ShardStatus, Status } from '../../src/core/report.ts';

const plain = new Chalk({ level: 0 });

const shard: ShardStatus = {
  index: 0,
  start: 0,
  end: 1500,
  state: 'running',
  done: 1200,
  failed: 0,
  rows: 2400,
  attempts: 7,
  pid: 4711,
  rssBytes: 182e6,
  peakRssBytes: 190e6,
  log: 'logs/r/shard-00000.log',
};
const failure: FailureRow = {
  index: 1600,
  key: 'BAD\u001b[31m\nKEY',
  shard: 1,
  cause: 'heap-limit',
  message: 'out of memory',
  tries: 3,
  evidence: { code: null, signal: 'SIGABRT', peakRssBytes: 64e6, said: ['FATAL ERROR: \u001b[31mReached heap limit'] },
  log: 'logs/r/shard-00001.log',
};
const status: Status = {
  run: 'r',
  state: 'running',
  stopped: null,
  items: { total: 3000, done: 1200, failed: 1, running: 20, waiting: 1779 },
  rows: 2400,
  rate: 12.34,
  etaSeconds: 273,
  peakRssBytes: 191e6,
  alarms: [],
  shards: [
    shard,
    {
      ...shard,
      index: 1,
      start: 1500,
      end: 3000,
      state: 'waiting',
      done: 0,
      failed: 1,
      rows: 0,
      attempts: 0,
      pid: null,
      rssBytes: null,
      peakRssBytes: null,
    },
  ],
  failures: [failure],
  failuresLeftOut: 0,
  calls: null,
  output: 'data/runs/r/w.csv',
};

test('status as a table, with the failures, their remedy, and nothing that moves the cursor', () => {
  expect(formatStatus(status, {}, plain)).toBe(
    [
      'r  running',
      '1,200 of 3,000 items done (40.0 %), 1 failed, 20 running, 1,779 waiting, 2,400 rows, 12.3 items/s, ETA 4m33s, at most 191 MB in a child',
      'output data/runs/r/w.csv',
      '',
      'shard  items        state           done  failed   rows  attempts   pid  memory    peak',
      '    0  [0,1500)     running  1,200/1,500       0  2,400         7  4711  182 MB  190 MB',
      '    1  [1500,3000)  waiting      0/1,500       1      0         0     -       -       -',
      '',
      'Failed items',
      'item  key               shard  cause       tries  message        log',
      '1600  BAD\\x1b[31m\\nKEY      1  heap-limit      3  out of memory  logs/r/shard-00001.log',
      'item 1600 (BAD\\x1b[31m\\nKEY):',
      '  seen killed by SIGABRT, peak memory 64.0 MB',
      '  said FATAL ERROR: \\x1b[31mReached heap limit',
      'heap-limit: V8 ran out of heap: use a smaller --batch-size, or give it more with --node-arg=--max-old-space-size=4096 (megabytes).',
      '',
    ].join('\n'),
  );
});

/** The last line for a run that ended so. */
function next(state: Status['state'], failed: number): string | undefined {
  const text = formatStatus({ ...status, state, failures: [], items: { ...status.items, failed } }, { dataDir: '/big disk' }, plain);
  return text.split('\n').at(-2);
}

test('status ends with the command that does what is left', () => {
  // How the tests were started must not show in the command.
  for (const name of ['npm_lifecycle_event', 'npm_command']) vi.stubEnv(name, undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(next('interrupted', 0)).toBe("to go on: shardyard resume r --data-dir '/big disk'");
  expect(next('stopped', 1)).toBe("to go on: shardyard resume r --data-dir '/big disk'");
  expect(next('failed', 1)).toBe("to do again what failed: shardyard rerun r --failed --data-dir '/big disk'");
  expect(next('done', 1)).toMatch(/^to do again what failed/);
  expect(next('done', 0)).not.toMatch(/^to /);
  expect(next('running', 1)).not.toMatch(/^to /);
});

test('status names twenty failures and counts the others', () => {
  const failures = Array.from({ length: 50 }, (_, index) => ({ ...failure, index }));
  const text = formatStatus({ ...status, failures }, {}, plain);
  expect(text.match(/out of memory/g)).toHaveLength(20);
  expect(text).toContain('… and 30 more: status --json has all');
  expect(text.match(/^heap-limit: /gm)).toHaveLength(1);
});

test('status says how many failures even --json leaves out', () => {
  const text = formatStatus({ ...status, failures: [failure], failuresLeftOut: 59_999 }, {}, plain);
  expect(text).toContain('… and 59,999 more: status --json lists the first 1\n');
});

test('status says why a run was stopped', () => {
  const stopped = { why: 'setup', message: 'no\ndatabase', log: 'logs/r/setup.log' } as const;
  expect(
    formatStatus({ ...status, state: 'stopped', stopped }, {}, plain)
      .split('\n')
      .slice(0, 4),
  ).toEqual([
    'r  stopped',
    'stopped: the worker cannot be set up: no\\ndatabase',
    'log logs/r/setup.log',
    expect.stringMatching(/^The worker could not be imported/),
  ]);
});

test('a plan, with the shards that would be empty', () => {
  const text = formatPlan({
    worker: 'w',
    items: 3,
    processes: 4,
    concurrency: 1,
    batchSize: 2,
    emptyShards: 2,
    shards: [
      { index: 0, start: 0, end: 2, batches: 1, firstKey: 'a', lastKey: 'b' },
      { index: 1, start: 2, end: 3, batches: 1, firstKey: 'c\n', lastKey: 'c\n' },
    ],
    columns: ['x', 'y'],
    output: 'out.csv',
  });
  expect(text).toBe(
    [
      'w: 3 items in 2 shards, 2 batches of at most 2',
      '4 children at a time, 1 item at a time in each',
      'columns x, y',
      'output  out.csv',
      '2 more shards were asked for and would be empty: they do not exist',
      '',
      'shard  items  count  batches  first  last',
      '    0  [0,2)      2        1  a      b',
      '    1  [2,3)      1        1  c\\n    c\\n',
      '',
    ].join('\n'),
  );
});

test('runs, one a line', () => {
  const info = {
    run: 'r',
    state: 'done',
    items: 4620,
    done: 4618,
    failed: 2,
    startedAt: Date.UTC(2026, 10, 21, 22, 45, 40),
    ms: 273_000,
    output: 'o.csv',
  } as const;
  expect(formatRuns([info, { ...info, run: 'broken', state: 'unreadable', startedAt: null, ms: null }])).toBe(
    [
      'run     state       items   done  failed  started (UTC)         took  output',
      'r       done        4,620  4,618       2  2026-11-21 22:45:40  4m33s  o.csv',
      'broken  unreadable  4,620  4,618       2  -                        -  o.csv',
      '',
    ].join('\n'),
  );
});

test('a snapshot, with the slots that work', () => {
  const slot = {
    slot: 0,
    shard: 3,
    batch: 7,
    stolen: true,
    pid: 12,
    done: 4,
    total: 20,
    rate: 1,
    rssBytes: 99e6,
    peakRssBytes: 120e6,
    lastKey: 'A\n',
  };
  const snapshot = {
    run: 'r',
    phase: 'working',
    total: 100,
    done: 40,
    failed: 1,
    rows: 80,
    rate: 2.5,
    etaSeconds: 24,
    elapsedMs: 16_000,
    peakRssBytes: 130e6,
    calls: null,
  } as const;
  expect(formatSnapshot({ ...snapshot, slots: [slot, { ...slot, slot: 1, shard: null, batch: null, pid: null }] })).toBe(
    'r working  40/100 items, 1 failed  80 rows  2.5 items/s  ETA 24s  after 16.0s  at most 130 MB in a child\n' +
      '  slot 0  shard 3 batch 7 (taken over)  4/20  pid 12  99.0 MB  last A\\n',
  );
});

test('what to do again', () => {
  expect(rerunChoice({})).toEqual({ kind: 'failed' });
  expect(rerunChoice({ failed: true })).toEqual({ kind: 'failed' });
  expect(rerunChoice({ againShards: '9,0-3' })).toEqual({ kind: 'shards', shards: '0-3,9' });
  expect(rerunChoice({ againItems: 'AAPL,MSFT' })).toEqual({ kind: 'items', keys: ['AAPL', 'MSFT'] });
  expect(rerunChoice({ againItems: '["a,b","{\\"x\\":1}"]' })).toEqual({ kind: 'items', keys: ['a,b', '{"x":1}'] });
  expect(() => rerunChoice({ againItems: '[1]' })).toThrow(/--items: 1 is not a string/);
  expect(() => rerunChoice({ againItems: '[a' })).toThrow(/--items: "\[a" is not a JSON array/);
  expect(() => rerunChoice({ againItems: ',' })).toThrow(/--items: no keys/);
  expect(() => rerunChoice({ againShards: '1-x' })).toThrow(/--shards: "1-x" is not an index/);
  expect(() => rerunChoice({ failed: true, againShards: '1' })).toThrow(/--failed and --shards exclude each other/);
});
