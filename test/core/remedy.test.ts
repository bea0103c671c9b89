import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cause } from '../../src/core/outcome.ts';
import { groupFailures, remedy } from '../../src/core/remedy.ts';

const fails = (key: string, message: string, cause: Cause = 'error') => ({ key, message, cause });

describe('remedy', () => {
  it.each([
    ['heap-limit', '--batch-size'],
    ['heap-limit', '--node-arg=--max-old-space-size='],
    ['no-receipt', 'process.exit()'],
    ['item-timeout', '--item-timeout'],
    ['batch-timeout', '--batch-timeout'],
    ['oom-killed', '--processes'],
    ['rss-limit', '--max-rss'],
    ['stalled', 'event loop'],
    ['setup-failed', 'setup()'],
    ['error', '--retries'],
    ['exit', 'log'],
    ['signal', 'outside'],
  ] as const)('of %s names %s', (cause, word) => {
    expect(remedy(cause)).toContain(word);
  });

  it.each(['ok', 'stopped', 'orphaned'] as const)('has nothing to say about %s', (cause) => {
    expect(remedy(cause)).toBeUndefined();
  });
});

describe('groupFailures', () => {
  it('takes messages as equal that differ in key and numbers only, and shows what differs', () => {
    const groups = groupFailures([fails('AAPL', 'timeout for AAPL after 31 ms'), fails('MSFT', 'timeout for MSFT after 1.5 ms')]);
    expect(groups).toEqual([
      { cause: 'error', message: 'timeout for <key> after <n> ms', count: 2, sample: fails('AAPL', 'timeout for AAPL after 31 ms') },
    ]);
  });

  it('shows the message itself where all have the same', () => {
    const groups = groupFailures([fails('a', 'no row 7'), fails('b', 'no row 7')]);
    expect(groups.map(({ message, count }) => [message, count])).toEqual([['no row 7', 2]]);
  });

  it('puts the most frequent first, and keeps the order of those that are as frequent', () => {
    const groups = groupFailures([fails('a', 'x'), fails('b', 'y'), fails('c', 'z'), fails('d', 'z')]);
    expect(groups.map(({ message }) => message)).toEqual(['z', 'x', 'y']);
  });

  it('takes long messages as equal of which only the beginning is known', () => {
    const texts = [7, 70, 700].map((number) => `row ${number}: ${'and so on '.repeat(30)}`.slice(0, 199) + '…');
    expect(groupFailures(texts.map((text) => fails('k', text))).map(({ count }) => count)).toEqual([3]);
  });

  it('keeps causes apart', () => {
    expect(groupFailures([fails('a', 'gone', 'exit'), fails('b', 'gone', 'signal')])).toHaveLength(2);
  });

  it.each(['HTTP 404|HTTP 503', 'status: 429|status: 500', 'exit code 3|exit code 4', 'HTTP/1.1 404|HTTP/1.1 500', 'code=7|code=8'])(
    'keeps numbers apart that name the error: %s',
    (pair) => {
      expect(groupFailures(pair.split('|').map((message) => fails('a', message)))).toHaveLength(2);
    },
  );

  it.each([
    'id 3f2a9c11-0a1b-4c2d-8e3f-001122334455 gone|id 00000000-aaaa-4bbb-8ccc-ddddeeeeffff gone',
    'at 0x7ffe12|at 0x1',
    'on 2020-01-31T10:00|on 2021-12-01T11:30',
    'a\n  b 1|a b 2',
    'got -5|got 17',
  ])('takes as equal: %j', (pair) => {
    expect(groupFailures(pair.split('|').map((message) => fails('k', message)))).toHaveLength(1);
  });

  it('replaces a key only where it stands alone, and takes it literally', () => {
    const [short] = groupFailures([fails('a', 'a bad day 1'), fails('a', 'a bad day 2')]);
    const [odd] = groupFailures([fails('c++ (x)', 'no c++ (x) 1'), fails('[.*', 'no [.* 2')]);
    expect(short?.message).toBe('<key> bad day <n>');
    expect(odd?.message).toBe('no <key> <n>');
  });

  it('counts every failure once, whatever keys and messages are', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            key: fc.string({ unit: 'binary' }),
            message: fc.string({ unit: 'binary' }),
            cause: fc.constantFrom<Cause>('error', 'exit'),
          }),
        ),
        (all) => {
          const groups = groupFailures(all);
          expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
          expect(groups.every(({ sample }) => all.includes(sample))).toBe(true);
        },
      ),
    );
  });
});
