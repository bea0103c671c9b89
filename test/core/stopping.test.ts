import { expect, test } from 'vitest';
import type { StopReason } from '../../src/core/events.ts';
import { nextStop } from '../../src/core/stopping.ts';

const drain = (why: StopReason): { why: StopReason; how: 'drain' } => ({ why, how: 'drain' });

test.each([
  ['the first wish', undefined, 'SIGINT', 'drain'],
  ['Ctrl-C again', drain('SIGINT'), 'SIGINT', 'kill'],
  ['another signal', drain('SIGINT'), 'SIGTERM', 'kill'],
  ['Ctrl-C after a reason of our own', drain('halt'), 'SIGINT', 'kill'],
  ['Ctrl-C after ctl stop', drain('ctl'), 'SIGINT', 'kill'],
  ['ctl stop again', drain('ctl'), 'ctl', undefined],
  ['a terminal that closes twice', drain('SIGHUP'), 'SIGHUP', undefined],
  ['a terminal that closes after Ctrl-C', drain('SIGINT'), 'SIGHUP', undefined],
  ['the first SIGTERM after the terminal has gone: it now has ten seconds', drain('SIGHUP'), 'SIGTERM', 'drain'],
  ['and the second', drain('SIGTERM'), 'SIGTERM', 'kill'],
  ['once everything is being ended', { why: 'SIGINT', how: 'kill' }, 'SIGINT', undefined],
] as const)('%s', (_, before, why, expected) => {
  expect(nextStop(before, why)).toBe(expected);
});
