import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  attemptName,
  checkRunName,
  defaultRunName,
  itemsName,
  ledgerName,
  logName,
  parseAttemptName,
  partName,
  planName,
  shardName,
  workerName,
} from '../../src/core/names.ts';

const id = fc.record({ shard: fc.nat(2_000_000), batch: fc.nat(2_000_000), attempt: fc.integer({ min: 1, max: 10_000 }) });

describe('names of attempts', () => {
  test('are as the specification writes them', () => {
    const attempt = { shard: 3, batch: 2, attempt: 1 };
    expect(shardName(3)).toBe('shard-00003');
    expect(attemptName(attempt)).toBe('shard-00003.batch-00002.attempt-1');
    expect(partName(attempt, 'csv')).toBe('shard-00003.batch-00002.attempt-1.csv');
    expect(partName(attempt, 'ndjson')).toBe('shard-00003.batch-00002.attempt-1.ndjson');
    expect(ledgerName(attempt)).toBe('shard-00003.batch-00002.attempt-1.ledger.ndjson');
    expect(logName(attempt, false)).toBe('shard-00003.log');
    expect(logName({ shard: 3, batch: 7 }, true)).toBe('shard-00003.batch-00007.log');
    expect([planName(1), itemsName(1)]).toEqual(['plan-1.json', 'items-1.ndjson']);
  });

  test('are read back, also beyond five digits', () => {
    fc.assert(
      fc.property(id, (attempt) => {
        for (const name of [partName(attempt, 'csv'), partName(attempt, 'ndjson'), ledgerName(attempt)])
          expect(parseAttemptName(name)).toEqual(attempt);
      }),
    );
  });

  test('two attempts have two names', () => {
    fc.assert(
      fc.property(
        id,
        id,
        (a, b) => (attemptName(a) === attemptName(b)) === (a.shard === b.shard && a.batch === b.batch && a.attempt === b.attempt),
      ),
    );
  });

  test.each([
    'shard-00003.log',
    'shard-00003.batch-00007.log',
    'x-shard-00003.batch-00002.attempt-1.csv',
    'shard-00003.batch-00002.attempt-1',
    'shard-3.batch-.attempt-1.csv',
    '',
  ])('%j is no attempt', (name) => expect(parseAttemptName(name)).toBeUndefined());
});

describe('the name of a run', () => {
  test.each(['a', '0', '_', 'fx-features-20261121T224540Z', 'v1.2', 'A_b-c.d', 'x'.repeat(100)])('%j is one', (name) => {
    expect(checkRunName(name)).toBe(name);
  });

  test.each(['', '.', '..', '.hidden', '-rf', 'a/b', '../a', 'a b', 'a\n', 'é', 'a\0', 'x'.repeat(101), 'a:b', '~'])(
    '%j is refused with what to write',
    (name) => {
      expect(() => checkRunName(name)).toThrow(
        expect.objectContaining({ name: 'UserError', hint: expect.stringContaining('letters, digits') }),
      );
    },
  );

  test('by default: the worker and the time in UTC', () => {
    expect(defaultRunName('fx-features', Date.UTC(2026, 10, 21, 22, 45, 40, 123))).toBe('fx-features-20261121T224540Z');
  });

  test.each([
    ['workers/fx-features.ts', 'fx-features'],
    ['/a/b/gen.mjs', 'gen'],
    ['gen.cts', 'gen'],
    ['C:\\work\\gen.js', 'gen'],
    ['my worker (2).ts', 'my-worker-2-'],
    ['.hidden.js', 'hidden'],
    ['é.js', 'worker'],
    ['', 'worker'],
  ])('the worker %j is called %j', (file, name) => {
    expect(workerName(file)).toBe(name);
  });

  test('whatever the file is called, the default name can be a folder', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (file) => {
        const name = defaultRunName(workerName(file), 0);
        expect(checkRunName(name)).toBe(name);
      }),
      { examples: [['-'], ['...'], ['x'.repeat(500)], ['-.-a.ts']] },
    );
  });
});
