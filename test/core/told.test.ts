import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isStronger, type Told, toldAgain, type Urge } from '../../src/core/told.ts';

const URGES: readonly Urge[] = ['message', 'SIGTERM', 'SIGKILL'];
const told: fc.Arbitrary<Told> = fc.record({
  why: fc.constantFrom('stopped', 'ok', 'batch-timeout', 'rss-limit'),
  how: fc.constantFrom(...URGES),
  insistAt: fc.constantFrom(5, 10, 20, Infinity),
});

test('a child that may take its time hears of a deadline', () => {
  const retired: Told = { why: 'stopped', how: 'message', insistAt: Infinity };
  expect(toldAgain(retired, { why: 'stopped', how: 'message', insistAt: 10 })).toEqual({ ...retired, insistAt: 10 });
});

test('what ends a child is not taken back by a question, and keeps its reason', () => {
  const ended: Told = { why: 'batch-timeout', how: 'SIGTERM', insistAt: 5 };
  expect(toldAgain(ended, { why: 'stopped', how: 'message', insistAt: 10 })).toEqual(ended);
  expect(toldAgain(ended, { why: 'stopped', how: 'SIGKILL', insistAt: 7 })).toEqual({ why: 'batch-timeout', how: 'SIGKILL', insistAt: 7 });
  expect(toldAgain({ ...ended, how: 'message' }, { why: 'stopped', how: 'SIGTERM', insistAt: 7 })).toMatchObject({ why: 'stopped' });
});

test('however often it is told: never more weakly, and with no more time', () => {
  fc.assert(
    fc.property(told, told, (before, next) => {
      const after = toldAgain(before, next);
      expect(URGES.indexOf(after.how)).toBe(Math.max(URGES.indexOf(before.how), URGES.indexOf(next.how)));
      if (after.how === before.how) expect(after.insistAt).toBe(Math.min(before.insistAt, next.insistAt));
      expect(isStronger(next.how, before)).toBe(after.how !== before.how);
    }),
  );
});
