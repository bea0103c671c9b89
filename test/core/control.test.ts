import { describe, expect, test } from 'vitest';
import { type ControlRequest, formatAnswer, formatRequest, parseAnswer, parseControl, parseRequest } from '../../src/core/control.ts';

const REQUESTS: readonly ControlRequest[] = [
  { verb: 'pause' },
  { verb: 'continue' },
  { verb: 'stop' },
  { verb: 'processes', processes: 12 },
  { verb: 'retire', shard: 0 },
  { verb: 'kill', shard: 7 },
];

test.each(REQUESTS)('a request arrives as it was sent: $verb', (request) => {
  expect(parseRequest(formatRequest(request))).toEqual(request);
});

test('so does an answer', () => {
  for (const answer of [
    { ok: true, message: 'a' },
    { ok: false, message: 'b' },
    { ok: false, message: 'b', hint: 'c' },
  ] as const)
    expect(parseAnswer(formatAnswer(answer))).toEqual(answer);
  for (const line of ['', 'null', '{}', '{"ok":1,"message":"x"}']) expect(parseAnswer(line)).toBeUndefined();
});

describe('what is wrong is refused, with what would be right', () => {
  test.each([
    [undefined, undefined, /needs to be told/],
    ['wobble', undefined, /cannot "wobble"/],
    ['pause', '3', /no use for "3"/],
    ['processes', undefined, /needs a number/],
    ['processes', '0', /too small/],
    ['processes', 'many', /not a whole number/],
    ['processes', '1e9', /not a whole number/],
    ['processes', '100000', /too many/],
    ['kill', undefined, /needs a shard/],
    ['kill', '-1', /too small/],
    ['__proto__', undefined, /cannot/],
  ])('%s %s', (word, value, message) => {
    expect(() => parseControl(word, value)).toThrow(message);
  });

  test.each(['', 'pause', '[]', '{"verb":"pause"}', '{"shardyard":2,"verb":"pause"}', '{"shardyard":1,"verb":"kill","shard":{}}'])(
    '%s',
    (line) => {
      expect(() => parseRequest(line)).toThrow(/lines of JSON|needs a shard/);
    },
  );
});
