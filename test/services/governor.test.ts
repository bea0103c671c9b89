import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { UnrecoverableError } from '../../src/core/worker.ts';
import { monotonic } from '../../src/ipc/monotonic.ts';
import { DayStore } from '../../src/services/day-store.ts';
import type { Governor } from '../../src/services/governor.ts';
import { governorOf, LocalChild, mostIn, spec, until } from './support.ts';

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'shardyard-budget-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
};

test('all children together stay within the limits, exactly, while one dies and others take its place', async () => {
  const limits = { default: spec(['200/s']), slow: spec([], { minDelay: 40 }), few: spec([], { maxInFlight: 3 }) };
  const governor = governorOf(limits);
  const [calls, slow, few]: [number[], number[], number[]] = [[], [], []];
  const children = [1, 2, 3, 4].map((number) => new LocalChild(number, governor, calls));
  for (const child of children) child.work(20, 5);
  const polite = [5, 6].map((number) => new LocalChild(number, governor, slow));
  for (const child of polite) child.work(4, 2, { budget: 'slow' });
  const busy = [7, 8].map((number) => new LocalChild(number, governor, few));
  let flying = 0;
  let most = 0;
  for (const child of busy) {
    for (let n = 0; n < 10; n++) {
      void child.take({ budget: 'few' }).then(async (permit) => {
        most = Math.max(most, ++flying);
        await new Promise((resolve) => setTimeout(resolve, 5));
        flying--;
        return permit.settle();
      });
    }
  }
  await until(() => calls.length > 150);
  children[0]?.die();
  const late = new LocalChild(9, governor, calls);
  late.work(20, 5);
  await until(() => calls.length > 400 && slow.length > 20 && few.length === 20);
  expect(governor.views().find(({ name }) => name === 'default')).toMatchObject({
    rpmLimit: 12_000,
    light: expect.any(String),
    limitedBy: 'rate',
  });
  expect(governor.waited(2)).toBeGreaterThan(0);
  for (const child of [...children, ...polite, ...busy, late]) child.stop();
  expect(mostIn(calls, 1000)).toBeLessThanOrEqual(200);
  expect(mostIn(slow, 40)).toBe(1);
  expect(most).toBeLessThanOrEqual(3);
  await governor.close();
});

test('Retry-After holds everybody; what can never fit, an unknown budget and an aborted signal are refused', async () => {
  const governor = governorOf({ default: spec(['500/s', '5000tokens/min']) });
  const fired: number[] = [];
  const one = new LocalChild(1, governor, fired);
  const other = new LocalChild(2, governor, fired);
  one.work(4, 1);
  other.work(4, 1);
  await until(() => fired.length > 50);
  const permit = await one.take();
  permit.settle({ status: 429, headers: { 'Retry-After': '1' } });
  const answered = monotonic();
  await until(() => fired.some((at) => at >= answered + 1000));
  // The machine may be busy; on a quiet one it is 25 ms (bench, "permits").
  expect(fired.filter((at) => at > answered + 500 && at < answered + 999)).toEqual([]);
  await expect(one.take({ tokens: 6000 })).rejects.toThrow(UnrecoverableError);
  await expect(one.take({ budget: 'defualt' })).rejects.toThrow('did you mean "default"?');
  await expect(one.take({ requests: 0 })).rejects.toThrow('whole number');
  const abort = new AbortController();
  const waiting = [other.take({ tokens: 4000 }), other.take({ tokens: 4000 }, abort.signal)];
  await waiting[0];
  abort.abort(new Error('time is over'));
  await expect(waiting[1]).rejects.toThrow('time is over');
  one.stop();
  other.stop();
  await governor.close();
});

test('without limits nothing is asked, until the API wants a pause: then everybody heeds it, who comes later too', async () => {
  const governor = governorOf({});
  const fired: number[] = [];
  const [one, other] = [1, 2].map((number) => new LocalChild(number, governor, fired, { isFree: true }));
  if (!one || !other) throw new Error('there are two');
  for (let n = 0; n < 100; n++) (await one.take()).settle({ status: 200 });
  expect([one.told, governor.views()]).toEqual([0, []]);
  const permit = await one.take();
  permit.settle({ status: 429, headers: { 'Retry-After': '1' } });
  const answered = monotonic();
  await until(() => governor.views().length > 0);
  expect(governor.views()).toMatchObject([{ name: 'default', throttled: 1, limitedBy: null }]);
  const late = new LocalChild(3, governor, fired, { isFree: true });
  await until(() => other.heard > 0 && late.heard > 0);
  await Promise.all([one, other, late].map(async (child) => (await child.take()).settle()));
  for (const child of [one, other, late]) child.stop();
  expect(fired).toHaveLength(3);
  expect(Math.min(...fired)).toBeGreaterThan(answered + 990);
  await governor.close();
});

test('a daily budget holds over runs, several at a time; a damaged file is set aside', async () => {
  const made = folder();
  const named = { default: spec(['5/day']) };
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const opened = async (): Promise<Governor> => governorOf(named, { days: await DayStore.open(made, warn), warn });
  const [first, second] = [await opened(), await opened()];
  const [a, b] = [new LocalChild(1, first, []), new LocalChild(1, second, [])];
  for (const child of [a, b, a]) (await child.take()).settle();
  expect(first.views()[0]?.day?.limit).toBe(5);
  await first.close();
  await second.close();
  const third = await opened();
  const child = new LocalChild(1, third, []);
  for (let n = 0; n < 2; n++) (await child.take()).settle();
  const abort = new AbortController();
  const sixth = child.take(undefined, abort.signal);
  await until(() => warnings.length > 0);
  expect(warnings).toEqual([expect.stringContaining('has used what it may in 24 hours')]);
  abort.abort(new Error('enough'));
  await expect(sixth).rejects.toThrow('enough');
  await third.close();
  writeFileSync(join(made, 'budget.sqlite'), 'this is no database, and long enough to be taken for a damaged one'.repeat(50));
  const fourth = await opened();
  expect(warnings[1]).toContain('set aside');
  (await new LocalChild(1, fourth, []).take()).settle();
  await fourth.close();
});
