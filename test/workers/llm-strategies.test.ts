import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runItem } from 'shardyard/testing';
import worker from '../../workers/llm-strategies.ts';
import { isAnswer, refused } from '../../workers/llm-strategies/failures.ts';
import { connect } from '../../workers/llm-strategies/models.ts';
import type { StandInOptions } from '../../workers/stand-in/decide.ts';
import { startLlm } from '../../workers/stand-in/llm.ts';
import { serve } from '../child/server.ts';
import { Place } from '../process/support.ts';

const FILE = join(import.meta.dirname, '../../workers/llm-strategies.ts');
const DATA = join(import.meta.dirname, '../../data/fx/usd_rates_wide_common.csv');
const EUR = { symbol: 'EUR', date: '2025-06-10' };

beforeEach(() => {
  for (const name of ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GEMINI_BASE_URL', 'OPENAI_API_KEY', 'OPENAI_BASE_URL']) vi.stubEnv(name, '');
});
afterEach(() => vi.unstubAllEnvs());

/** What Gemini answers. */
const answer = (text: string) => ({ status: 200, body: { candidates: [{ content: { role: 'model', parts: [{ text }] } }] } });

async function standIn(options: StandInOptions = {}): Promise<string> {
  const server = await startLlm({ latency: 2, ...options });
  onTestFinished(() => server.close());
  return server.url;
}

/** As a user has them in `.env`. */
const geminiAt = (url: string): string => `GEMINI_API_KEY=none\nGEMINI_BASE_URL=${url}\n`;
const openaiAt = (url: string): string => `OPENAI_API_KEY=none\nOPENAI_BASE_URL=${url}/v1\n`;

describe('a run', () => {
  test('any shape and either protocol give the same bytes, and the cache answers a second time', async () => {
    const url = await standIn({ hasFaults: false });
    const place = new Place({ '.env': geminiAt(url) });
    const options = ['--rate', '900/s', '--rate', '50000/min', '--progress', 'none', '--spares', '0'];
    const wide = ['-p', '2', '--concurrency', '8', '--batch-size', '60'];
    expect(await place.shardyard('run', FILE, ...options, ...wide, '--limit', '120', '--name', 'r', '-o', 'a.csv')).toMatchObject({
      code: 0,
    });
    const [header, ...rows] = place.lines('a.csv');
    expect(header).toBe('symbol,date,direction,confidence,strength,explanation');
    expect(new Set(rows.map((row) => row.split(',').slice(0, 2).join())).size).toBe(120);
    expect(new Set(rows.map((row) => row.split(',')[2]))).toEqual(new Set(['LONG', 'SHORT', 'HOLD']));
    expect(place.report().calls).toMatchObject({ misses: 120, calls: 120, retries: 0, fallbacks: 0 });
    expect(place.report().calls?.tokens).toBeGreaterThan(120 * 100);

    expect(await place.shardyard('run', FILE, ...options, '-p', '1', '--limit', '60', '--name', 's', '-o', 'b.csv')).toMatchObject({
      code: 0,
    });
    expect(place.report('s').calls).toMatchObject({ hits: 60, calls: 0 });
    place.write('.env', openaiAt(url));
    expect(await place.shardyard('run', FILE, ...options, '-p', '1', '--limit', '10', '--name', 't', '-o', 'c.csv')).toMatchObject({
      code: 0,
    });
    expect(place.report('t').calls).toMatchObject({ hits: 0, calls: 10 });
    expect([place.lines('b.csv'), place.lines('c.csv')]).toEqual([
      [header, ...rows.slice(0, 60)],
      [header, ...rows.slice(0, 10)],
    ]);
  });

  test('what goes wrong with the stand-in is counted and changes nothing', async () => {
    // In which each fault happens once.
    const url = await standIn({ seed: 's2050' });
    const place = new Place({ '.env': openaiAt(url) });
    const options = ['--limit', '24', '--rate', '100/s', '--progress', 'none', '--spares', '0'];
    expect(await place.shardyard('run', FILE, ...options, '-p', '1', '--concurrency', '24', '--name', 'r', '-o', 'a.csv')).toMatchObject({
      code: 0,
    });
    expect(place.report().calls).toMatchObject({ failed: { '429': 1, '500': 1, network: 1, 'bad-answer': 1 }, retries: 3, fallbacks: 0 });
    expect(place.lines('a.csv')).toHaveLength(25);
  });
});

describe('one item', () => {
  test('there are 528: 88 dates at least 5 days apart for each of 6 currencies', () => {
    const given = { tickers: 'EUR,GBP,JPY,CHF,AUD,CAD', dates: 88, 'data-file': DATA };
    const items = [...((worker.items?.(given) ?? []) as Iterable<typeof EUR>)];
    expect(items).toHaveLength(528);
    expect(new Set(items.map((item) => worker.key?.(item))).size).toBe(528);
    expect(
      items.filter(
        ({ date }, index) =>
          items[index + 1]?.symbol === items[index]?.symbol && Date.parse(items[index + 1]?.date ?? '') - Date.parse(date) < 432e6,
      ),
    ).toEqual([]);
  });

  test('a prompt knows nothing of what came after its date', async () => {
    vi.stubEnv('GEMINI_API_KEY', 'none');
    vi.stubEnv('GEMINI_BASE_URL', await standIn({ hasFaults: false }));
    const lines = readFileSync(DATA, 'utf8').trimEnd().split('\n');
    const until = lines.findIndex((line) => line.startsWith(EUR.date));
    const place = new Place({
      'past.csv': `${lines.slice(0, until + 1).join('\n')}\n`,
      'other.csv': `${[...lines.slice(0, until), lines[until]?.replaceAll('1', '2')].join('\n')}\n`,
    });
    const rowsOf = (file: string) => runItem(worker, EUR, { params: { 'data-file': file } });
    const rows = await rowsOf(DATA);
    expect(rows).toMatchObject([{ ...EUR, strength: expect.any(Number) }]);
    // The stand-in's answer follows from the prompt alone.
    expect(await rowsOf(join(place.cwd, 'past.csv'))).toEqual(rows);
    await expect(rowsOf(join(place.cwd, 'other.csv'))).rejects.toThrow('no such rate');
  });

  test('an answer of another shape is asked for again; one that is refused is replaced by HOLD', async () => {
    const good = { direction: 'LONG', confidence: 0.5, strength: 3, explanation: 'why' };
    const server = await serve(answer('{"direction":"UP"}'), answer(JSON.stringify(good)));
    vi.stubEnv('GEMINI_BASE_URL', server.url);
    vi.stubEnv('GEMINI_API_KEY', 'none');
    expect(await runItem(worker, EUR)).toEqual([{ ...EUR, ...good }]);
    expect(server.requests).toHaveLength(2);
    const refusing = await serve({ status: 400, body: { error: { message: 'blocked', code: 400 } } });
    vi.stubEnv('GEMINI_BASE_URL', refusing.url);
    expect(await runItem(worker, EUR)).toMatchObject([
      { ...EUR, direction: 'HOLD', confidence: 0, explanation: expect.stringMatching(/^Fallback/) },
    ]);
  });

  test('a key that is refused is not made up for, and no key is ever shown', async () => {
    const server = await serve({ status: 403, body: { error: { message: 'no permission for secret-key', code: 403 } } });
    vi.stubEnv('GEMINI_BASE_URL', server.url);
    vi.stubEnv('GEMINI_API_KEY', 'secret-key');
    const failure: unknown = await runItem(worker, EUR).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'UnrecoverableError', message: expect.stringMatching(/answered 403.*set GEMINI_API_KEY/) });
    expect(inspect(failure)).not.toContain('secret-key');
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    [400, { error: { message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' } }, 'set GEMINI_API_KEY'],
    [429, { error: { message: 'You exceeded your current quota', details: [{ quotaId: 'GenerateRequestsPerDay' }] } }, 'quota is used up'],
    [404, { error: { message: 'no such model' } }, 'mend the address'],
  ])('%d with %j fails the item', async (status, body, message) => {
    const server = await serve({ status, body });
    vi.stubEnv('GEMINI_BASE_URL', server.url);
    await expect(runItem(worker, EUR)).rejects.toThrow(message);
    expect(server.requests).toHaveLength(1);
  });

  test.each(['gemini', 'openai'] as const)('nobody at the address of %s is no answer: nothing is made up', async (provider) => {
    vi.stubEnv(`${provider.toUpperCase()}_BASE_URL`, 'http://127.0.0.1:9/v1');
    const model = await connect({ provider });
    const error: unknown = await model
      .ask({ prompt: 'hi', schema: {}, signal: new AbortController().signal })
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ message: expect.stringMatching(/fetch failed|Connection error/) });
    expect([isAnswer(error as Error), refused(error, model)]).toEqual([false, undefined]);
  });

  test.each([
    [{ provider: 'gemini' }, {}, 'GEMINI_API_KEY is not set'],
    [{ provider: 'openai' }, {}, 'OPENAI_API_KEY is not set'],
    [{}, { OPENAI_BASE_URL: 'localhost' }, 'OPENAI_BASE_URL=localhost is no address'],
    [{ tickers: 'EUR,XXX' }, {}, 'there is no column XXX'],
    [{ tickers: 'EUR,eur' }, {}, 'give each code once'],
    [{ model: '' }, {}, 'model'],
    [{ dates: '0' }, {}, 'dates'],
  ])('%j with %j: %s', async (params, env, message) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    await expect(runItem(worker, EUR, { params })).rejects.toThrow(message);
  });
});
