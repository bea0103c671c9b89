import { describe, expect, test } from 'vitest';
import type { Receipt, RunEvent } from '../../src/core/events.ts';
import type { Cause } from '../../src/core/outcome.ts';
import { count, noTotals, type Totals } from '../../src/core/totals.ts';

const id = { shard: 0, batch: 0, attempt: 1 };
const at = 7;

const committed = (items: number, failed: number, rss: number): RunEvent => {
  const failures = Array.from({ length: failed }, (_, index) => ({ index, key: '', cause: 'error' as const, message: '', tries: 1 }));
  const sums = { rows: 0, bytes: 0, crc32: 0, ledgerLines: 0, ledgerBytes: 0, ledgerCrc32: 0 };
  const receipt: Receipt = { items, ...sums, layout: 'plain', failed: failures, itemMs: items * 5 };
  return { at, type: 'committed', ...id, spans: [[0, items]], receipt, salvaged: false, ms: 1, rss };
};
const ended = (cause: Cause, suspects: number): RunEvent => {
  return { at, type: 'attempt-ended', ...id, cause, suspects: suspects > 0 ? [[0, suspects]] : [], exact: true };
};
const gone = (cause: Cause, rss = 0): RunEvent => ({ at, type: 'child-ended', child: 1, cause, code: 1, signal: null, asked: false, rss });
const ready: RunEvent = { at, type: 'child-ready', child: 1, setupMs: 30 };
const tried: RunEvent = { at, type: 'tried', ...id, index: 0, key: '', tries: 1, cause: 'error', message: '' };

function after(...events: readonly RunEvent[]): Totals {
  const totals = noTotals(1);
  for (const event of events) count(totals, event);
  return totals;
}

const fruitless = (...events: readonly RunEvent[]): number => after(...events).fruitless;

describe('the sums of a session', () => {
  test('begin at nothing', () => {
    expect(Object.entries({ ...after(), calls: undefined }).filter(([, value]) => value && !Array.isArray(value))).toEqual([['since', 1]]);
  });

  test('count what was settled, in how many batches, how long it took, and the most memory', () => {
    expect(after(committed(3, 1, 50), committed(2, 0, 90), gone('ok', 70), ready, ready)).toMatchObject({
      settled: 6,
      batches: 2,
      itemMs: 25,
      peakRss: 90,
      setupMs: 60,
    });
    expect(after(gone('ok', 70)).peakRss).toBe(70);
  });

  test('count who died, and not who was asked to go', () => {
    expect(after(gone('ok'), gone('stopped'), gone('exit'), gone('signal'), gone('setup-failed')).childrenDied).toBe(3);
  });

  test('know how many setups failed in a row, and when', () => {
    expect(after(gone('setup-failed'), gone('setup-failed'))).toMatchObject({ setupFailures: 2, lastSetupFailure: at });
    expect(after(gone('setup-failed'), ready)).toMatchObject({ setupFailures: 0, lastSetupFailure: at });
    expect(after(gone('setup-failed'), gone('exit'), gone('setup-failed')).setupFailures).toBe(2);
  });

  test('know how many attempts in a row got nothing done and showed no culprit', () => {
    expect(fruitless(ended('exit', 0), ended('signal', 0))).toBe(2);
    expect(fruitless(ended('exit', 0), ended('stopped', 0), ended('orphaned', 0), ended('ok', 0))).toBe(1);
    expect(fruitless(ended('exit', 2))).toBe(0);
    expect(fruitless(ended('exit', 0), committed(0, 0, 0))).toBe(1);
    expect(fruitless(ended('exit', 0), committed(1, 0, 0))).toBe(0);
    expect(fruitless(ended('exit', 0), committed(0, 1, 0))).toBe(0);
    expect(fruitless(ended('exit', 0), tried)).toBe(0);
  });

  test('who died last, and of what, unless in peace', () => {
    const died: RunEvent = { at, type: 'child-ended', child: 1, cause: 'setup-failed', code: 1, signal: null, asked: false, rss: 0 };
    expect(after(gone('ok'), gone('stopped')).lastDeath).toBeUndefined();
    expect(after(gone('exit'), { ...died, message: 'no database' }, gone('stopped')).lastDeath).toEqual({
      cause: 'setup-failed',
      message: 'no database',
    });
    expect(after({ ...died, message: 'x'.repeat(5000) }).lastDeath?.message).toHaveLength(1000);
  });
});
