import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { createNotices } from '../../src/reporters/notices.ts';
import { committed, event, failure } from './support.ts';

const about = (...events: readonly RunEvent[]): string[] => {
  const notices = createNotices(() => 'fx-1');
  return events.flatMap((one) => notices(one)).map(({ kind, text }) => `${kind}| ${text}`);
};
const attempt = { shard: 3, batch: 2, attempt: 1 };
const started = event({ type: 'child-started', child: 7, pid: 4711, pidStart: '1' });
const working = event({ type: 'dispatched', ...attempt, child: 7, slot: 0, spans: [[0, 9]], stolen: false, mode: 'normal' });

describe('notices', () => {
  it('tell what the session is to do', () => {
    const opened = { type: 'opened', pid: 1, pidStart: '1', version: '0', worker: '', retries: 2 } as const;
    expect(
      about(
        event({ ...opened, mode: 'run', processes: 1 }),
        event({ ...opened, mode: 'resume', processes: 4 }),
        event({ ...opened, mode: 'rerun', processes: 4 }),
        event({ type: 'planned', plan: 0, items: 4620, shards: 10, batchSize: 200 }),
        event({ type: 'matched', done: 3000, failed: 12, fresh: 40, gone: 5 }),
        event({ type: 'owed', spans: [[0, 10], [20, 22]] }), // prettier-ignore
      ),
    ).toEqual([
      'info| Run fx-1 with 1 process',
      'info| Resuming fx-1 with 4 processes',
      'info| Rerunning fx-1 with 4 processes',
      'info| Planned 4,620 items in 10 shards, batches of 200',
      'info| Matched with the items of before: 3,000 done, 12 failed, 40 new, 5 no longer there',
      'info| 12 items to be done again',
    ]);
  });

  it('tell of the death of a child: which one, where, why, and what to do', () => {
    const died = event({ type: 'child-ended', child: 7, cause: 'heap-limit', code: null, signal: 'SIGABRT', asked: false, rss: 0 });
    const [line = ''] = about(started, working, died);
    expect(line).toMatch(/^died\| Died {4}child 7 \(pid 4711\) in shard 3, batch 2: heap-limit \(SIGABRT\)\. .*--batch-size/);
  });

  it('tell with which code and words a child died that had no work', () => {
    const died = event({
      type: 'child-ended',
      child: 7,
      cause: 'setup-failed',
      code: 1,
      signal: null,
      asked: false,
      rss: 0,
      message: 'no\nkey',
    });
    expect(about(started, died)[0]).toContain('child 7 (pid 4711): setup-failed (code 1): no\\nkey. ');
  });

  it('say nothing of children that end as they should', () => {
    const end = { type: 'child-ended', child: 7, code: 0, signal: null, asked: true, rss: 0 } as const;
    expect(about(started, event({ ...end, cause: 'ok' }), event({ ...end, cause: 'stopped' }))).toEqual([]);
  });

  it('tell of retries and of items that failed in their batch or alone', () => {
    const tried = event({ type: 'tried', ...attempt, index: 17, key: 'AAPL', tries: 1, cause: 'error', message: 'no answer' });
    expect(
      about(
        tried,
        committed(0, 9, attempt, [failure()]),
        event({ type: 'item-failed', ...attempt, failure: failure({ cause: 'exit', tries: 1 }) }),
      ),
    ).toEqual([
      'retry| Retry   AAPL (item 17, shard 3) after try 1: error: no answer',
      'failed| Failed  AAPL (item 17, shard 3) after 3 tries: error: no answer',
      'failed| Failed  AAPL (item 17, shard 3) after 1 try: exit: no answer',
    ]);
  });

  it.each([
    ['SIGINT', 'drain', 'finishing items in flight, press Ctrl-C again to end now'],
    ['SIGTERM', 'drain', 'a second SIGTERM ends it now'],
    ['halt', 'drain', '--halt'],
    ['disk', 'drain', 'the disk does not take what is written'],
    ['SIGINT', 'kill', 'ending all children now'],
  ] as const)('tell what stopping by %s (%s) means', (why, how, words) => {
    const [line] = about(event({ type: 'stopping', why, how }));
    expect(line).toMatch(/^stopping\| Stopping: /);
    expect(line).toContain(words);
  });

  it('tell where the output is', () => {
    const merged = event({ type: 'merged', output: 'data/a\nb.csv', rows: 3600, bytes: 1.23e6, sha256: 'ab', ms: 312 });
    expect(about(merged)).toEqual(['info| Merged 3,600 rows, 1.2 MB, to data/a\\nb.csv in 312ms']);
  });

  it('make keys and messages safe and short', () => {
    const [line = ''] = about(committed(0, 9, {}, [failure({ key: `\x1b[2J${'k'.repeat(1000)}`, message: `a\r\nb${'m'.repeat(5000)}` })]));
    expect(line).not.toMatch(/[\x00-\x1f]/); // oxlint-disable-line no-control-regex
    expect(line).toContain('\\x1b[2Jkkk');
    expect(line.length).toBeLessThan(450);
    expect(about(event({ type: 'warned', message: 'a\nb' }))).toEqual(['warning| Warning a\\nb']);
  });
});
