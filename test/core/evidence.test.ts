import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeEvidence, lastLines } from '../../src/core/evidence.ts';
import type { ItemFailure } from '../../src/core/events.ts';
import { kept } from '../../src/core/kept.ts';

test('the last lines of what was printed, without what says nothing', () => {
  const printed = `--- 2026-11-22T02:52:03.546Z batch 0 attempt 1: items [0,3)
doing a
doing b

<--- Last few GCs --->

[9969:0x42b3f000]  1121 ms: Mark-Compact 27.9 (44.5)

FATAL ERROR: Reached heap limit
----- Native stack trace -----

 1: 0x931db0  [node]
10: 0x1add9b6  [node]
Error: no
    at mine (/w.mjs:1:2)
    at emit (node:events:514:28)

Node.js v24.21.0
`;
  expect(lastLines(printed)).toEqual([
    '<--- Last few GCs --->',
    '[9969:0x42b3f000]  1121 ms: Mark-Compact 27.9 (44.5)',
    'FATAL ERROR: Reached heap limit',
    'Error: no',
    '    at mine (/w.mjs:1:2)',
  ]);
  expect(lastLines('')).toEqual([]);
});

test('however much is printed, what is kept of it has a bounded size', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('\n', '\r', ' ', 'x'.repeat(150), '🐎', '\u0000', '1: 0x', '--- '), { maxLength: 60 }),
      (pieces) => {
        const lines = lastLines(pieces.join(''));
        return lines.length <= 5 && lines.every((line) => line.length <= 200);
      },
    ),
  );
  // Nor does it take long to find it.
  expect(lastLines(' '.repeat(1 << 20))).toEqual([]);
  expect(lastLines(`${'1'.repeat(1 << 20)}\n  at ${'('.repeat(1 << 20)}`)).toHaveLength(2);
});

test('evidence in words', () => {
  const seen = { code: null, signal: 'SIGKILL', peakRssBytes: 0, said: [] };
  expect(describeEvidence(seen)).toBe('killed by SIGKILL');
  expect(describeEvidence({ ...seen, peakRssBytes: 512e6, oomKills: 1 })).toBe(
    "killed by SIGKILL, peak memory 512 MB, the kernel's OOM killer ended 1 process meanwhile",
  );
  expect(describeEvidence({ ...seen, code: 3, signal: null, oomKills: 2 })).toMatch(/^exit code 3, .* ended 2 processes/);
});

test('of the failures that are kept in memory the first have their evidence', () => {
  const failure: ItemFailure = {
    index: 3,
    key: 'k',
    cause: 'signal',
    message: 'x'.repeat(500),
    tries: 1,
    evidence: { code: null, signal: 'SIGSEGV', peakRssBytes: 1, said: [] },
  };
  expect(kept(failure, 999)).toMatchObject({ evidence: failure.evidence, index: 3, tries: 1 });
  expect(kept(failure, 1000)).not.toHaveProperty('evidence');
  expect(kept(failure, 0).message.length).toBe(200);
});
