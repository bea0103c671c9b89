import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { causeOf, describeEnd, type Cause, type Observed } from '../../src/core/outcome.ts';

const observed: Observed = { code: null, signal: null, told: undefined, phase: 'busy', tail: '', orphaned: false, oomKills: 0 };
type Told = NonNullable<Observed['told']>;
const asked = (why: Cause): Told => ({ why, how: 'message' });
const ended = (why: Cause): Told => ({ why, how: 'SIGTERM' });
const killed = (why: Cause): Told => ({ why, how: 'SIGKILL' });
const HEAP = '<--- Last few GCs --->\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n';

describe('the cause of a death', () => {
  test.each<[string, Partial<Observed>, Cause]>([
    ['exit code 7 at work', { code: 7 }, 'exit'],
    ['exit code 0 at work: nothing is done without a receipt', { code: 0 }, 'no-receipt'],
    ['SIGKILL from outside', { signal: 'SIGKILL' }, 'signal'],
    ['SIGSEGV', { signal: 'SIGSEGV' }, 'signal'],
    ['V8 at its limit', { signal: 'SIGABRT', tail: HEAP }, 'heap-limit'],
    ['V8 at its limit, seen through a shell', { code: 134, tail: HEAP }, 'heap-limit'],
    ['V8 at its limit, trapped', { signal: 'SIGTRAP', tail: 'invalid table size Allocation failed' }, 'heap-limit'],
    ['SIGABRT without its message', { signal: 'SIGABRT' }, 'signal'],
    ['the message without its death: a worker may print it', { code: 1, tail: HEAP }, 'exit'],
    ['SIGKILL after the message', { signal: 'SIGKILL', tail: HEAP }, 'signal'],
    ['before it was ready', { code: 1, phase: 'starting' }, 'setup-failed'],
    ['before it was ready, by a signal', { signal: 'SIGKILL', phase: 'starting' }, 'setup-failed'],
    ['left in order', { code: 0, phase: 'leaving' }, 'ok'],
    ['failed after its receipt', { code: 1, phase: 'leaving' }, 'exit'],
    ['killed while it waited for work', { signal: 'SIGKILL', phase: 'ready' }, 'signal'],
    ['the channel closed first', { code: 0, orphaned: true }, 'orphaned'],
    ['we asked while it waited, and it left with 0', { code: 0, phase: 'leaving', told: asked('stopped') }, 'stopped'],
    ['we ended it, whatever its code is', { code: 0, told: ended('item-timeout') }, 'item-timeout'],
    ['we killed it for its memory', { signal: 'SIGKILL', told: killed('rss-limit') }, 'rss-limit'],
    ['we killed it, and V8 had something to say', { signal: 'SIGABRT', tail: HEAP, told: ended('batch-timeout') }, 'batch-timeout'],
    ['we asked it to stop, and its item ran out of heap', { signal: 'SIGABRT', tail: HEAP, told: asked('stopped') }, 'heap-limit'],
    ['we asked it to stop, and its item left with 0', { code: 0, told: asked('stopped') }, 'no-receipt'],
    ['SIGKILL, and the kernel counts one more', { signal: 'SIGKILL', oomKills: 1 }, 'oom-killed'],
    ['the same to a child that waited', { signal: 'SIGKILL', oomKills: 1, phase: 'ready' }, 'oom-killed'],
    ['the kernel counts one more, and it was ours', { signal: 'SIGKILL', oomKills: 1, told: killed('stopped') }, 'stopped'],
    ['the kernel counts one more: something that the item had started', { signal: 'SIGTERM', oomKills: 1 }, 'signal'],
    ['no heartbeat', { signal: 'SIGTERM', told: ended('stalled') }, 'stalled'],
  ])('%s', (_, seen, cause) => {
    expect(causeOf({ ...observed, ...seen })).toBe(cause);
  });

  test('a child at work that we told nothing is never all right', () => {
    fc.assert(
      fc.property(
        fc.record({
          code: fc.option(fc.nat(255)),
          signal: fc.option(fc.constantFrom('SIGKILL', 'SIGTERM', 'SIGABRT', 'SIGSEGV')),
          phase: fc.constantFrom('starting' as const, 'busy' as const),
          tail: fc.constantFrom('', HEAP),
          orphaned: fc.boolean(),
          oomKills: fc.nat(2),
        }),
        (seen) => !['ok', 'stopped'].includes(causeOf({ ...seen, told: undefined })),
      ),
    );
  });

  test('an end in words', () => {
    expect(describeEnd(3, null)).toBe('exit code 3');
    expect(describeEnd(null, 'SIGKILL')).toBe('killed by SIGKILL');
    expect(describeEnd(null, null)).toBe('exit code unknown');
  });
});
