import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseRate } from '../../src/core/budget-spec.ts';
import { budgetsOf, openGovernor } from '../../src/run/budgets.ts';
import { settings, spec } from './support.ts';

test("a rate that the user gives replaces the worker's of the same unit, and no other", () => {
  const before = settings({ default: spec(['8/s', '50/day', '90000tokens/min'], { maxInFlight: 4 }) });
  const limits = (...rate: string[]): unknown => budgetsOf({ rate }, before)?.named['default']?.limits;
  expect(limits('1000tokens/min')).toEqual([parseRate('8/s'), parseRate('50/day'), parseRate('1000tokens/min')]);
  expect(limits('9/s')).toEqual([parseRate('90000tokens/min'), parseRate('9/s')]);
  expect(limits('9/s', '1tokens/s')).toEqual([parseRate('9/s'), parseRate('1tokens/s')]);
  expect(budgetsOf({ rate: ['9/s'] }, before)?.named['default']?.maxInFlight).toBe(4);
});

test('daily budgets are kept in the folder of the cache, or where it would be', async () => {
  const made = mkdtempSync(join(tmpdir(), 'shardyard-budgets-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  const budgets = settings({ default: spec(['5/day']) });
  const [dataDir, shared] = [join(made, 'data'), join(made, 'shared')];
  await (await openGovernor({ budgets, cache: shared }, dataDir)).close();
  expect([existsSync(join(shared, 'budget.sqlite')), existsSync(dataDir)]).toEqual([true, false]);
  await (await openGovernor({ budgets, cache: 'off' }, dataDir)).close();
  expect(existsSync(join(dataDir, 'cache/budget.sqlite'))).toBe(true);
});
