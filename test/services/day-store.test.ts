import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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

test('a clock that jumps between two runs neither frees the day nor blocks it for longer', async () => {
  const where = folder();
  const calls = async (count: number): Promise<(number | undefined)[]> => {
    const store = await DayStore.open(where, () => undefined);
    const day = store.count('default', FIVE);
    const waits = Array.from({ length: count }, () => day.take(CALL));
    await store.close();
    return waits;
  };
  expect(await calls(3)).toEqual([undefined, undefined, undefined]);
  // What was written ten hours ahead counts, as of now: the day is used up, for a day and not for ten hours more.
  inFile(where, 'update spent set minute = minute + 600');
  const [fourth, fifth, sixth = 0] = await calls(3);
  expect([fourth, fifth]).toEqual([undefined, undefined]);
  expect(sixth).toBeGreaterThan(23.9 * 3_600_000);
  expect(sixth).toBeLessThan(24.1 * 3_600_000);
  expect(inFile(where, 'select max(minute) from spent')).toBeLessThanOrEqual(Date.now() / 60_000);
  // More than a day ago: no longer counted.
  inFile(where, 'update spent set minute = minute - 1500');
  expect(await calls(1)).toEqual([undefined]);
});

test('a file of a newer version, and a folder that is none, are refused', async () => {
  const where = folder();
  await (await DayStore.open(where, () => undefined)).close();
  inFile(where, 'pragma user_version = 2');
  await expect(DayStore.open(where, () => undefined)).rejects.toThrow(
    expect.objectContaining({ name: 'UserError', message: 'is from a newer version of Shardyard' }),
  );
  writeFileSync(join(where, 'file'), '');
  await expect(DayStore.open(join(where, 'file'), () => undefined)).rejects.toThrow(
    expect.objectContaining({ name: 'UserError', message: expect.stringMatching(/^what was used of the daily budgets cannot be kept: /) }),
  );
});

test('another run that has the file for a moment is waited for, at the start and at the end; what cannot be given back is a warning', async () => {
  const where = folder();
  const other = new DatabaseSync(join(where, 'budget.sqlite'));
  onTestFinished(() => other.close());
  /** The other run has the file for longer than SQLite waits. */
  const meanwhile = async <T>(begin: string, work: () => Promise<T>): Promise<T> => {
    other.exec(begin);
    const working = work();
    await sleep(200);
    other.exec('commit');
    return working;
  };
  const warnings: string[] = [];
  const open = async (): Promise<DayStore> => DayStore.open(where, (message) => warnings.push(message));
  const first = await meanwhile('begin exclusive', open);
  // Several are counted ahead.
  const day = first.count('default', spec(['5000/day']));
  expect(day.take(CALL)).toBeUndefined();
  await meanwhile('begin immediate', async () => first.close());
  expect([inFile(where, 'select sum(requests) from spent'), warnings]).toEqual([1, []]);
  const second = await meanwhile('begin immediate', open);
  second.count('default', spec(['5000/day'])).take(CALL);
  other.exec('drop table spent');
  await second.giveBack();
  await second.close();
  expect(warnings).toEqual([expect.stringMatching(/^a few calls count against the daily budgets that were not made: no such table/)]);
});
