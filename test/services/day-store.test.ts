import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { DayStore } from '../../src/services/day-store.ts';
import { spec } from './support.ts';

const FIVE = spec(['5/day']);
const CALL = { requests: 1, tokens: 0 };

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'shardyard-day-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Does something with the file, which nobody has open. */
function inFile(where: string, sql: string): unknown {
  const db = new DatabaseSync(join(where, 'budget.sqlite'));
  const [row] = db.prepare(sql).all();
  db.close();
  return row && Object.values(row)[0];
}

test('a clock that jumps between two runs neither frees the day nor blocks it for longer', () => {
  const where = folder();
  const calls = (count: number): (number | undefined)[] => {
    const store = new DayStore(where, () => undefined);
    const day = store.count('default', FIVE);
    const waits = Array.from({ length: count }, () => day.take(CALL));
    store.close();
    return waits;
  };
  expect(calls(3)).toEqual([undefined, undefined, undefined]);
  // What was written ten hours ahead counts, as of now: the day is used up, for a day and not for ten hours more.
  inFile(where, 'update spent set minute = minute + 600');
  const [fourth, fifth, sixth = 0] = calls(3);
  expect([fourth, fifth]).toEqual([undefined, undefined]);
  expect(sixth).toBeGreaterThan(23.9 * 3_600_000);
  expect(sixth).toBeLessThan(24.1 * 3_600_000);
  expect(inFile(where, 'select max(minute) from spent')).toBeLessThanOrEqual(Date.now() / 60_000);
  // More than a day ago: no longer counted.
  inFile(where, 'update spent set minute = minute - 1500');
  expect(calls(1)).toEqual([undefined]);
});

test('a file of a newer version, and a folder that is none, are refused', () => {
  const where = folder();
  new DayStore(where, () => undefined).close();
  inFile(where, 'pragma user_version = 2');
  expect(() => new DayStore(where, () => undefined)).toThrow(
    expect.objectContaining({ name: 'UserError', message: 'is from a newer version of Shardyard' }),
  );
  writeFileSync(join(where, 'file'), '');
  expect(() => new DayStore(join(where, 'file'), () => undefined)).toThrow(
    expect.objectContaining({ name: 'UserError', message: expect.stringMatching(/^what was used of the daily budgets cannot be kept: /) }),
  );
});
