import { expect, test } from 'vitest';
import type { ControlRequest } from '../../src/core/control.ts';
import type { ChildDoing } from '../../src/core/events.ts';
import { steeringNotices } from '../../src/reporters/steering-notices.ts';

const texts = (...[event]: Parameters<typeof steeringNotices>): string[] => steeringNotices(event).map(({ text }) => text);
const said = (request: ControlRequest): string[] => texts({ at: 1, type: 'controlled', request });

test('what was asked of the run', () => {
  expect(said({ verb: 'pause' })).toEqual(['Control pause: nothing new is dispatched, children finish their batches']);
  expect(said({ verb: 'processes', processes: 1 })).toEqual(['Control processes: 1 child at a time from now on']);
  expect(said({ verb: 'kill', shard: 3 })).toEqual(['Control kill: the child of shard 3 is killed, its batch put back']);
  // The event that follows says it.
  expect(said({ verb: 'stop' })).toEqual([]);
});

test('standing still is told once it is over, unless it was short', () => {
  expect(texts({ at: 1, type: 'awoke', ms: 800 })).toEqual([]);
  expect(texts({ at: 1, type: 'awoke', ms: 61_000 })).toEqual(['Awake   after 1m01s of standing still, which count for nothing']);
});

test('an alarm is one notice that says what each child is doing; nothing in it can move the cursor', () => {
  const id = { shard: 3, batch: 1, attempt: 1 };
  const items = [1, 2, 3, 4].map((key) => ({ key: `k${key}\x1b[2J`, ms: 9000 }));
  const busy: ChildDoing = { ...id, child: 7, pid: 12, done: 4, total: 9, rssBytes: 99e6, silentMs: 90, items, lines: ['one', 'two\r'] };
  const blocked: ChildDoing = { ...busy, shard: 4, child: 8, rssBytes: null, silentMs: 8000, items: [], lines: [] };
  const [text = '', ...more] = texts({ at: 1, type: 'alarmed', ...id, child: 7, quietMs: 9100, p99Ms: 40, doing: [busy, blocked] });
  expect(more).toEqual([]);
  expect(text.split('\n')).toEqual([
    'Alarm   shard 3 has finished nothing for 9.1s; 99 % of its items take less than 40ms',
    expect.stringMatching(/^ +child 7 \(pid 12\), shard 3 batch 1: 4\/9 items, 99\.0 MB, in flight k1.* for 9\.0s, k2.*, k3.* and 1 more$/),
    '          | one',
    expect.stringMatching(/^ {10}\| two/),
    '        child 8 (pid 12), shard 4 batch 1: 4/9 items, event loop blocked for 8.0s, nothing in flight',
  ]);
  // oxlint-disable-next-line no-control-regex -- that is what it looks for
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
});
