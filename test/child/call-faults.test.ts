import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ItemContext, type Shared } from '../../src/child/context.ts';
import { ParentPort } from '../../src/child/port.ts';
import { StoppedTime } from '../../src/child/stopped-time.ts';
import { LeavingError } from '../../src/core/call-error.ts';
import type { CallAsk } from '../../src/ipc/call-messages.ts';
import { makeContext } from './context.ts';
import { serve } from './server.ts';

const here = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'shardyard-calls-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
};

describe('a child that is asked to end', () => {
  test('takes no fallback for an item that waits for a permit, and leaves its call to whoever waits for it', async () => {
    const { services, call, stats } = makeContext();
    const leaving = Promise.withResolvers<never>();
    const asked = Promise.withResolvers<void>();
    const shared: Shared = {
      shard: 0,
      batch: 0,
      params: undefined,
      state: undefined,
      log: () => undefined,
      itemTimeout: undefined,
      staged: '',
      stopped: new StoppedTime(join(here(), 'stops.json')),
      permit: () => {
        asked.resolve();
        return leaving.promise;
      },
      services,
    };
    const item = new ItemContext(shared, 0, 'a', 1, performance.now());
    const left = item.call({ key: 1, fallback: () => 'made up' }, () => 'never');
    await asked.promise;
    // In another child, which has a permit.
    const other = call({ key: 1, fallback: () => 'made up' }, () => 'real');
    const ended = Promise.allSettled([left, other]);
    leaving.reject(new LeavingError('the child is asked to end'));
    expect(await ended).toMatchObject([
      { status: 'rejected', reason: { name: 'LeavingError' } },
      { status: 'fulfilled', value: 'real' },
    ]);
    expect(item.withdrawn?.name).toBe('LeavingError');
    expect(stats()).toMatchObject({ fallbacks: 0, calls: 1 });
  });
});

describe('a server that', () => {
  test('wants to be asked again at once, for ever, is asked less and less often, and given up in time', async () => {
    for (const headers of [{ 'retry-after': '0' }, { 'retry-after-ms': '0' }, { 'retry-after': 'Sun, 22 Nov 2020 02:00:00 GMT' }]) {
      const { call } = makeContext();
      const server = await serve({ status: 429, headers });
      await expect(call({ maxWait: 200 }, async ({ fetch: get }) => get(server.url))).rejects.toMatchObject({ status: 429 });
      // At once, then after 1, 2, 4 … ms at least.
      expect(server.requests.length).toBeLessThan(12);
    }
  });

  test('never ends its answer holds nobody up for longer than the timeout; of a long one the beginning is read', async () => {
    const { call } = makeContext();
    const half = await serve('half');
    await expect(call({ timeout: 100, retries: 0 }, async () => fetch(half.url))).rejects.toMatchObject({
      status: 500,
      message: '500 Internal Server Error: half of it',
    });
    await expect(call({ timeout: 100, retries: 0 }, async ({ fetch: get }) => get(half.url))).rejects.toThrow('no answer within 100 ms');
    const long = await serve({ status: 400, body: 'x'.repeat(5e6) });
    const thrown = await call({}, async () => fetch(long.url)).catch((error: Error) => error.message.length);
    expect(thrown).toBeLessThan(2100);
  });

  test('has no more credit for the account gets no rows made up, neither for who asked nor for who waited', async () => {
    const { call, stats } = makeContext();
    const error = Object.assign(new Error('check your plan'), { status: 429, code: 'insufficient_quota' });
    const empty = async (): Promise<string> => Promise.reject(error);
    const ended = await Promise.allSettled([1, 2].map(() => call({ key: 'x', fallback: () => 'made up' }, empty)));
    expect(ended).toMatchObject([1, 2].map(() => ({ status: 'rejected', reason: { status: 429, code: 'insufficient_quota' } })));
    expect(stats()).toMatchObject({ calls: 1, fallbacks: 0 });
  });
});

test('options that make no sense are refused before anything is sent; a fallback may give up with the same error', async () => {
  const { call, stats } = makeContext();
  let made = 0;
  for (const wrong of [{ ttl: 'soon' }, { timeout: -1 }, { maxWait: 'x' }, { backoff: Number.NaN }])
    await expect(call({ key: 1, fallback: () => 0, ...wrong }, () => ++made)).rejects.toThrow();
  expect([made, stats()]).toMatchObject([0, { calls: 0, fallbacks: 0 }]);
  // Longer than any timer can wait.
  expect(await call({ timeout: 2 ** 32, retries: 0 }, () => new Promise((resolve) => setTimeout(resolve, 20, 'late')))).toBe('late');
  const rethrown = call(
    {
      fallback: (error) => {
        throw error;
      },
    },
    () => {
      throw new Error('no such model');
    },
  );
  await expect(rethrown).rejects.toThrow(/^no such model$/);
});

test('a cache that cannot be opened is tried again after a while', async () => {
  const folder = join(here(), 'cache');
  writeFileSync(folder, '');
  const { cache } = makeContext(undefined, { cache: { kind: 'sqlite', folder, maxBytes: 1e6 } });
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await cache.set('a', 1);
  expect(await cache.get('a')).toBeUndefined();
  rmSync(folder);
  vi.runAllTimers();
  vi.useRealTimers();
  await cache.set('a', 1);
  expect(await cache.get('a')).toBe(1);
});

test('the news that an answer is stored goes with the next question, or alone where there is none', async () => {
  const said: CallAsk[] = [];
  const spoken = Promise.withResolvers<void>();
  const port = new ParentPort((ask) => {
    said.push(ask);
    if (ask.what === 'landed') spoken.resolve();
  });
  const stored = (hash: string): void => port.tell({ what: 'landed', hash, landing: { how: 'stored' } });
  stored('a');
  stored('b');
  const answer = port.ask({ what: 'join', hash: 'c' });
  expect(said).toEqual([{ what: 'join', hash: 'c', id: 1, stored: ['a', 'b'] }]);
  port.answered(1, { what: 'own' });
  expect(await answer).toEqual({ what: 'own' });
  stored('c');
  void port.ask({ what: 'reserve' });
  expect(said.slice(1)).toEqual([{ what: 'reserve', id: 2 }]);
  await spoken.promise;
  expect(said.slice(2)).toEqual([{ what: 'landed', hash: 'c', landing: { how: 'stored' } }]);
});
