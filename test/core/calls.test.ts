import { describe, expect, test } from 'vitest';
import { BadAnswerError } from '../../src/core/call-error.ts';
import { readFailure } from '../../src/core/call-failure.ts';
import { addCalls, callReport, compactCalls, countCall, noCalls } from '../../src/core/call-stats.ts';
import { Flights } from '../../src/core/flights.ts';
import { retryAfter } from '../../src/core/rate-headers.ts';
import { NOTHING, Spending } from '../../src/core/spending.ts';
import { UnrecoverableError } from '../../src/core/worker.ts';

const NOW = Date.parse('2026-11-22T03:00:00Z');

describe('how long a server wants to be left alone', () => {
  test.each<readonly [what: string, headers: Record<string, string>, text: string, ms: number | undefined]>([
    ['nothing', {}, 'busy', undefined],
    ['seconds', { 'retry-after': '2' }, '', 2000],
    ['a date', { 'retry-after': 'Sun, 22 Nov 2026 03:00:05 GMT' }, '', 5000],
    ['a date that is over', { 'retry-after': 'Sun, 22 Nov 2026 02:00:00 GMT' }, '', 0],
    ['milliseconds before seconds', { 'retry-after-ms': '120', 'retry-after': '1' }, '', 120],
    ['more than a day', { 'x-ratelimit-reset': '999999999' }, '', 86_400_000],
    ['more than a day, with words', {}, 'please try again in 90000s', 86_400_000],
    ['rubbish', { 'retry-after': 'soon' }, '', undefined],
    ['a negative number', { 'retry-after': '-1' }, '', undefined],
    [
      'the reset of what is used up',
      {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '6m0s',
        'x-ratelimit-remaining-tokens': '5',
        'x-ratelimit-reset-tokens': '9h',
      },
      '',
      360_000,
    ],
    ['the reset in milliseconds', { 'x-ratelimit-reset-tokens': '120ms' }, '', 120],
    ['the reset as seconds since 1970', { 'x-ratelimit-reset': String(NOW / 1000 + 3) }, '', 3000],
    ['the reset as milliseconds since 1970', { 'x-ratelimit-reset': String(NOW + 3000) }, '', 3000],
    ['the reset in seconds', { 'ratelimit-reset': '30' }, '', 30_000],
    ['RetryInfo', {}, '{"error":{"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}', 34_500],
    ['words', {}, 'Rate limit reached. Please try again in 120ms. Visit …', 120],
    ['words with minutes', {}, 'please try again in 1m2.5s.', 62_500],
  ])('%s', (_, headers, text, ms) => {
    expect(retryAfter((name) => headers[name], text, NOW)).toBe(ms);
  });
});

const error = (fields: object, message = 'no'): Error => Object.assign(new Error(message), fields);

describe('what a failure means', () => {
  test.each<readonly [unknown, string, string]>([
    [error({ status: 429 }), 'limited', '429'],
    [error({ status: 429, code: 'insufficient_quota' }), 'final', '429'],
    [error({ status: 429 }, '{"quotaId": "GenerateRequestsPerDayPerProject"}'), 'final', '429'],
    ...[408, 409, 425, 500, 502, 503, 504, 529].map((status) => [error({ status }), 'passing', String(status)] as const),
    ...[400, 401, 403, 404, 422].map((status) => [error({ status }), 'final', String(status)] as const),
    [error({ response: { status: 503, headers: {} } }), 'passing', '503'],
    [error({ response: { statusCode: 404 } }), 'final', '404'],
    [error({ code: 'ECONNRESET' }), 'passing', 'network'],
    [new TypeError('fetch failed', { cause: error({ code: 'ECONNREFUSED' }) }), 'passing', 'network'],
    [new TypeError('terminated'), 'passing', 'network'],
    [error({ cause: error({ code: 'UND_ERR_HEADERS_TIMEOUT' }) }), 'passing', 'timeout'],
    [new DOMException('over', 'TimeoutError'), 'passing', 'timeout'],
    [new SyntaxError('Unexpected end of JSON input'), 'passing', 'bad-answer'],
    [error({ name: 'BadAnswerError' }), 'passing', 'bad-answer'],
    [error({ cause: new BadAnswerError('half of it') }), 'passing', 'bad-answer'],
    [new Error('cannot rate it', { cause: error({ status: 401 }) }), 'final', '401'],
    [new Error('twice', { cause: new Error('once', { cause: error({ status: 503 }) }) }), 'passing', '503'],
    [new Error('limited', { cause: error({ status: 429 }) }), 'limited', '429'],
    [new Error('empty', { cause: error({ status: 429, code: 'insufficient_quota' }) }), 'final', '429'],
    [new UnrecoverableError('busy for good', { cause: error({ status: 503 }) }), 'final', '503'],
    [new BadAnswerError('not what was asked for'), 'passing', 'bad-answer'],
    [new TypeError('x is not a function'), 'final', 'error'],
    ['text', 'final', 'error'],
    [undefined, 'final', 'error'],
  ])('%s', (thrown, kind, label) => {
    expect(readFailure(thrown, NOW)).toMatchObject({ kind, label });
  });

  test('headers of every kind are read', () => {
    for (const headers of [new Headers({ 'Retry-After': '2' }), { 'retry-after': '2' }, { 'retry-after': 2 }])
      for (const thrown of [error({ status: 429, headers }), new Error('wrapped', { cause: error({ status: 429, headers }) })])
        expect(readFailure(thrown, NOW).retryAfterMs).toBe(2000);
  });
});

describe('the sums of calls', () => {
  test('nothing is nothing', () => {
    expect(compactCalls(noCalls())).toBeUndefined();
    expect(callReport(noCalls())).toBeNull();
  });

  test('add up in any parts, and percentiles are right to 5 %', () => {
    const [all, parts] = [noCalls(), noCalls()];
    for (let ms = 1; ms <= 1000; ms++) {
      const part = noCalls();
      const failed = ms % 100 === 0 ? '429' : undefined;
      countCall(all, ms, failed);
      countCall(part, ms, failed);
      part.hits = 2;
      all.hits += 2;
      addCalls(parts, JSON.parse(JSON.stringify(compactCalls(part))) as typeof part);
    }
    expect(parts).toEqual(all);
    const report = callReport(all);
    expect(report).toMatchObject({ calls: 1000, hits: 2000, saved: 2000, failed: { '429': 10 }, ms: { mean: 500.5 } });
    expect(Math.abs((report?.ms?.p50 ?? 0) / 500 - 1)).toBeLessThan(0.05);
    expect(Math.abs((report?.ms?.p95 ?? 0) / 950 - 1)).toBeLessThan(0.05);
  });
});

describe('calls in flight', () => {
  test('one owns, the others wait and hear', () => {
    const flights = new Flights();
    expect([1, 2, 3].map((child) => flights.join('a', { child, id: 7 }))).toEqual([true, false, false]);
    expect(flights.join('b', { child: 2, id: 8 })).toBe(true);
    // Only its owner lands a call.
    expect(flights.landed('a', 2)).toEqual([]);
    expect(flights.landed('a', 1).map(({ child }) => child)).toEqual([2, 3]);
    expect(flights.landed('b', 2)).toEqual([]);
    expect(flights.size).toBe(0);
  });

  test('an owner that goes is followed by the next in line, and a waiter that goes is forgotten', () => {
    const flights = new Flights();
    for (const child of [1, 2, 3, 4]) flights.join('a', { child, id: child });
    expect(flights.left(2)).toEqual([]);
    expect(flights.left(1)).toEqual([{ child: 3, id: 3, hash: 'a' }]);
    expect(flights.released('a', 1)).toBeUndefined();
    expect(flights.released('a', 3)).toEqual({ child: 4, id: 4 });
    expect(flights.left(4)).toEqual([]);
    expect(flights.size).toBe(0);
  });
});

const reserve = (spending: Spending, expected = {}): boolean => spending.reserve(expected).ok;

describe('spending', () => {
  test('grants exactly so many calls', () => {
    const spending = new Spending({ calls: 3 }, NOTHING);
    expect([1, 2, 3, 4].map(() => reserve(spending))).toEqual([true, true, true, false]);
    spending.giveBack({ calls: 1, tokens: 0, cost: 0 });
    expect([1, 2].map(() => reserve(spending))).toEqual([true, false]);
  });

  test('counts what calls really took, and expects the mean of those before', () => {
    const spending = new Spending({ tokens: 100 }, NOTHING);
    const first = spending.reserve({ tokens: 10 });
    if (!first.ok) throw new Error('refused');
    spending.settle(first.amounts, { tokens: 40 });
    expect(spending.total.tokens).toBe(40);
    expect(spending.reserve({})).toEqual({ ok: true, amounts: { calls: 1, tokens: 40, cost: 0 } });
    expect(spending.reserve({})).toEqual({ ok: false, limit: 'tokens' });
    expect(reserve(spending, { tokens: 20 })).toBe(true);
  });

  test('what nobody can foresee is over once it is spent', () => {
    const spending = new Spending({ cost: 1 }, NOTHING);
    expect(reserve(spending)).toBe(true);
    spending.spend({ cost: 1.2 });
    expect(reserve(spending)).toBe(false);
  });

  test('warns once at four fifths', () => {
    const spending = new Spending({ calls: 10 }, { calls: 7, tokens: 0, cost: 0 });
    expect(spending.nearing()).toEqual([]);
    spending.reserve({});
    expect(spending.nearing()).toEqual([{ name: 'calls', spent: 8, limit: 10 }]);
    expect(spending.nearing()).toEqual([]);
  });

  test('what is noted ahead is never less than what is spent, nor much more', () => {
    const spending = new Spending({ calls: 1000, cost: 5 }, NOTHING);
    let noted = NOTHING;
    let notes = 0;
    while (reserve(spending, { cost: 0.004 })) {
      const next = spending.noteAhead(noted);
      if (next) {
        noted = next;
        notes++;
      }
      expect(noted.calls).toBeGreaterThanOrEqual(spending.total.calls);
      expect(noted.cost).toBeGreaterThanOrEqual(spending.total.cost);
      expect(noted.calls).toBeLessThanOrEqual(Math.min(1000, spending.total.calls + 10));
    }
    expect(notes).toBeLessThanOrEqual(101);
  });
});
