import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { LocalPort } from '../../src/child/local-port.ts';
import type { Port } from '../../src/child/port.ts';
import type { CallContext } from '../../src/core/calling.ts';
import { defineWorker } from '../../src/index.ts';
import { runItem } from '../../src/testing.ts';
import { makeContext } from './context.ts';
import { serve } from './server.ts';

const completion = {
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'HOLD' } }],
  usage: { total_tokens: 42 },
};
const content = { candidates: [{ content: { role: 'model', parts: [{ text: 'HOLD' }] } }], usageMetadata: { totalTokenCount: 42 } };
const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '0.05s' };
const exhausted = { error: { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED', details: [retryInfo] } };

const askOpenAI =
  (url: string) =>
  async ({ signal, spend }: CallContext) => {
    const client = new OpenAI({ apiKey: 'none', baseURL: url, maxRetries: 0 });
    const answer = await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }, { signal });
    spend({ tokens: answer.usage?.total_tokens ?? 0, cost: 0.5 });
    return answer.choices[0]?.message.content ?? '';
  };
const askGemini =
  (url: string) =>
  async ({ signal, spend }: CallContext) => {
    const client = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: url } });
    const answer = await client.models.generateContent({ model: 'm', contents: 'hi', config: { abortSignal: signal } });
    spend({ tokens: answer.usageMetadata?.totalTokenCount ?? 0, cost: 0.5 });
    return answer.text ?? '';
  };

describe('the official SDKs', () => {
  test.each([
    ['openai', askOpenAI, { status: 429, headers: { 'retry-after-ms': '50' }, body: { error: { message: 'slow down' } } }, completion],
    ['@google/genai', askGemini, { status: 429, body: exhausted }, content],
  ])('%s: 429 costs no try and pauses, 503 and a cut connection are tried again, 400 is not', async (_, ask, limited, good) => {
    const { call, stats, settled } = makeContext();
    const server = await serve(limited, limited, { status: 503 }, 'cut', { status: 200, body: good });
    expect(await call({ key: 'a', retries: 2 }, ask(server.url))).toBe('HOLD');
    expect(server.requests).toHaveLength(5);
    expect(settled[0]).toMatchObject({ status: 429, retryAfterMs: 50 });
    expect(settled.at(-1)).toMatchObject({ status: 200, tokens: 42 });
    expect(stats()).toMatchObject({ calls: 5, retries: 2, misses: 1, failed: { '429': 2, '503': 1, network: 1 }, tokens: 42, cost: 0.5 });
    expect(stats().waitedMs).toBeGreaterThanOrEqual(100);
    expect(await call({ key: 'a' }, ask(server.url))).toBe('HOLD');
    expect(server.requests).toHaveLength(5);
    expect(stats()).toMatchObject({ hits: 1 });

    const wrong = await serve({ status: 401, body: { error: { code: 401, message: 'no such key' } } });
    await expect(call({ key: 'b' }, ask(wrong.url))).rejects.toMatchObject({
      status: 401,
      message: expect.stringContaining('no such key'),
    });
    expect(wrong.requests).toHaveLength(1);
    expect(await call({ key: 'b', fallback: (error) => `fell back: ${error.name}` }, ask(wrong.url))).toMatch(/^fell back/);
    // A fallback is not cached.
    expect(wrong.requests).toHaveLength(2);
    expect(stats()).toMatchObject({ fallbacks: 1, failed: { '401': 2 } });
  });
});

describe('fetch', () => {
  test('an answer that is not ok is a failure, whether it is returned, thrown or never seen', async () => {
    const { call } = makeContext();
    for (const make of [
      (url: string) => async (context: CallContext) => (await context.fetch(url)).text(),
      (url: string) => async (): Promise<unknown> => fetch(url),
      (url: string) => async () => {
        throw await fetch(url);
      },
    ]) {
      const server = await serve({ status: 502 }, { status: 404, body: 'there is no such thing' });
      await expect(call({}, make(server.url))).rejects.toMatchObject({
        status: 404,
        message: expect.stringMatching(/^404 Not Found: .*no such thing/),
      });
      expect(server.requests).toHaveLength(2);
    }
  });

  test('what is not answered in time is tried again, then fails; so does one that does not heed its signal', async () => {
    const { call, stats } = makeContext();
    const server = await serve('silence');
    await expect(call({ timeout: 30, retries: 1 }, async ({ fetch: get }) => get(server.url))).rejects.toThrow('no answer within 30 ms');
    await expect(call({ timeout: 10, retries: 0 }, () => new Promise(() => undefined))).rejects.toThrow('no answer within 10 ms');
    expect(stats().failed).toEqual({ timeout: 3 });
  });

  test('429s end where the patience does', async () => {
    const { call, stats } = makeContext();
    const server = await serve({ status: 429, headers: { 'retry-after': '3600' } });
    expect(await call({ maxWait: 1000, fallback: () => 'HOLD' }, async ({ fetch: get }) => (await get(server.url)).text())).toBe('HOLD');
    expect(stats().fallbacks).toBe(1);
  });

  test('an item whose time is over takes its calls along, without a fallback', async () => {
    const over = new AbortController();
    const { call, stats } = makeContext(over.signal);
    const server = await serve('silence');
    const called = call({ key: 1, fallback: () => 'HOLD' }, async ({ fetch: get }) => {
      setImmediate(() => over.abort(new Error('the time is over')));
      return (await get(server.url)).text();
    });
    await expect(called).rejects.toThrow('the time is over');
    // The request was one, but it did not fail.
    expect(stats()).toMatchObject({ calls: 1, fallbacks: 0, failed: {} });
  });
});

describe('equal calls', () => {
  test('in flight are made once; all get what JSON makes of the answer', async () => {
    const { call, stats } = makeContext();
    let made = 0;
    const answer = Promise.withResolvers<{ at: Date; none: undefined }>();
    const calls = Array.from({ length: 64 }, () => call<unknown>({ key: { b: 2, a: [1] } }, () => (made++, answer.promise)));
    calls.push(call<unknown>({ key: { a: [1], b: 2 } }, () => (made++, answer.promise)));
    answer.resolve({ at: new Date(0), none: undefined });
    expect(new Set((await Promise.all(calls)).map((value) => JSON.stringify(value)))).toEqual(
      new Set(['{"at":"1970-01-01T00:00:00.000Z"}']),
    );
    expect(made).toBe(1);
    expect(stats()).toMatchObject({ misses: 1, calls: 1 });
    expect(stats().joined + stats().hits).toBe(64);
  });

  test('are joined without a cache, too: the answer goes from one to the other', async () => {
    const port = new LocalPort();
    const asked = Promise.withResolvers<void>();
    let count = 0;
    const counting: Port = {
      ask: (question) => {
        if (++count === 3) asked.resolve();
        return port.ask(question);
      },
      tell: (news) => port.tell(news),
    };
    const { call, stats } = makeContext(undefined, { cache: { kind: 'off' }, port: counting });
    const answer = Promise.withResolvers<Uint8Array | string>();
    const calls = [1, 2, 3].map(() => call({ key: 'x' }, () => answer.promise));
    await asked.promise;
    answer.resolve(new Uint8Array([0, 255, 10]));
    expect((await Promise.all(calls)).map((bytes) => [...bytes])).toEqual(Array.from({ length: 3 }, () => [0, 255, 10]));
    expect(stats()).toMatchObject({ calls: 1, joined: 2 });
    expect(await call({ key: 'x' }, () => 'again')).toBe('again');
  });

  test('that fail fail together, each with its own fallback', async () => {
    const { call, stats } = makeContext();
    let made = 0;
    const failing = async (): Promise<string> => {
      made++;
      throw Object.assign(new Error('no such model'), { status: 404 });
    };
    expect(await Promise.all([1, 2, 3].map((n) => call({ key: 'x', fallback: ({ message }) => `${n} ${message}` }, failing)))).toEqual(
      [1, 2, 3].map((n) => `${n} no such model`),
    );
    expect([made, stats().fallbacks]).toEqual([1, 3]);
    const both = call({ key: 'x', fallback: () => Promise.reject(new Error('nor this')) }, failing);
    await expect(both).rejects.toThrow('no such model; and its fallback threw: nor this');
  });

  test('of another namespace or version are other calls; what the cache cannot hold is refused', async () => {
    const { call, cache } = makeContext();
    const made: string[] = [];
    const make = (name: string) => () => (made.push(name), name);
    await call({ key: 1 }, make('a'));
    await call({ key: 1, version: 2 }, make('b'));
    await call({ key: 1, namespace: 'other' }, make('c'));
    await call({ key: 1, version: 2 }, make('d'));
    expect(made).toEqual(['a', 'b', 'c']);
    expect(await cache.get(1, { version: 2 })).toBe('b');
    expect(await cache.wrap('w', () => ({ at: new Date(0) }))).toEqual({ at: '1970-01-01T00:00:00.000Z' });
    expect(await cache.delete('w')).toBe(true);
    await expect(call({ key: 'u' }, () => undefined)).rejects.toThrow(TypeError);
    await expect(call({ key: 1n }, () => 1)).rejects.toThrow(TypeError);
  });
});

test('runItem gives a worker all of it', async () => {
  const server = await serve({ status: 503 }, { status: 200, body: { price: 3 } });
  const worker = defineWorker({
    cache: { namespace: 'prices', version: 'a' },
    process: async (symbol: string, { call, permit, spend, cache }) => {
      (await permit()).settle({ status: 200 });
      spend({ tokens: 1 });
      const get = async (): Promise<{ price: number }> =>
        call(
          { key: symbol, backoff: 1 },
          async ({ fetch: read }) => (await read(`${server.url}/${symbol}`)).json() as Promise<{ price: number }>,
        );
      const [one, two] = await Promise.all([get(), get()]);
      return { symbol, price: one.price + two.price, cached: await cache.get(symbol) };
    },
  });
  expect(await runItem(worker, 'AAPL')).toEqual([{ symbol: 'AAPL', price: 6, cached: { price: 3 } }]);
  expect(server.requests).toEqual(['/AAPL', '/AAPL']);
});
