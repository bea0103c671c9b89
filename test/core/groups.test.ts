import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Commits } from '../../src/core/commits.ts';
import { Coverage, moveCoverage } from '../../src/core/coverage.ts';
import type { Receipt } from '../../src/core/events.ts';
import { dropTorn, replace, widened } from '../../src/core/groups.ts';
import type { Span } from '../../src/core/intervals.ts';
import type { Move } from '../../src/core/plan.ts';

const COUNT = 16;
/** A commit of neighbours: its length, and whether they have their rows together. */
const piece = fc.record({ start: fc.nat(COUNT - 1), length: fc.integer({ min: 1, max: 5 }), together: fc.boolean() });

/** The oracle: for each position, which commit has its rows, and as which of the positions then. */
type Model = Map<number, { readonly commit: number; readonly from: number }>;

/** Takes positions away until every group is whole, in order and in one piece. */
function settle(model: Model, commits: Commits): void {
  for (let commit = 0; commit < commits.count; commit++) {
    for (const [first, last] of commits.groupsOf(commit)) {
      const own = [...model].filter(([, of]) => of.commit === commit && of.from >= first && of.from < last).toSorted(([a], [b]) => a - b);
      const isWhole = own.length === last - first && own.every(([at, { from }], n) => from === first + n && at === (own[0]?.[0] ?? 0) + n);
      if (!isWhole) for (const [at] of own) model.delete(at);
    }
  }
}

const modelOf = (coverage: Coverage): Model =>
  new Map(
    coverage.segments.flatMap(({ start, end, commit, from, step }) =>
      Array.from({ length: end - start }, (_, n) => [start + n, { commit, from: from + n * step }] as const),
    ),
  );

test('rows of several items count as long as these are neighbours, whatever is replaced, moved or gone', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, cuts, reversed) => {
      const commits = new Commits();
      const coverage = new Coverage();
      const model: Model = new Map();
      for (const { start, length, together } of pieces) {
        const end = Math.min(COUNT, start + length);
        const groups: Span[] = together && end - start > 1 ? [[start, end]] : [];
        const receipt: Receipt = {
          items: end - start,
          rows: 0,
          bytes: 0,
          crc32: 0,
          layout: 'plain',
          ledgerLines: 0,
          ledgerBytes: 0,
          ledgerCrc32: 0,
          failed: [],
          itemMs: 0,
          groups,
        };
        const commit = commits.add(0, { shard: 0, batch: 0, attempt: 1 }, [[start, end]], receipt);
        const before = modelOf(coverage);
        const { rest } = replace(coverage, commits, { start, end, commit, from: start, step: 1 });
        for (let at = start; at < end; at++) model.set(at, { commit, from: at });
        settle(model, commits);
        expect(modelOf(coverage)).toEqual(model);
        const lost = [...before.keys()].filter((at) => !model.has(at));
        expect(rest.flatMap(([from, to]) => Array.from({ length: to - from }, (_, n) => from + n)).toSorted((a, b) => a - b)).toEqual(lost);
      }
      // What is done again, is done again with all that it belongs to.
      for (const { start, length } of cuts) {
        const wide = widened([[start, start + length]], coverage, commits.groupsOf);
        const positions = new Set(wide.flatMap(([from, to]) => Array.from({ length: to - from }, (_, n) => from + n)));
        for (const [at, { commit, from }] of model) {
          const group = commits.groupsOf(commit).find(([first, last]) => from >= first && from < last);
          const touched =
            group &&
            [...model].some(
              ([other, of]) =>
                other >= start && other < start + length && of.commit === commit && of.from >= group[0] && of.from < group[1],
            );
          expect(positions.has(at)).toBe((at >= start && at < start + length) || touched === true);
        }
      }
      // Another list: without some, perhaps backwards.
      const gone = new Set(cuts.map(({ start }) => start));
      const kept = Array.from({ length: COUNT }, (_, at) => at).filter((at) => !gone.has(at));
      if (reversed) kept.reverse();
      const moves = kept.map((from, to): Move => ({ to, plan: 0, from, length: 1, step: 1 }));
      const moved = moveCoverage(moves, [coverage]);
      dropTorn(moved, commits.groupsOf);
      const expected: Model = new Map(kept.flatMap((from, to) => (model.has(from) ? [[to, model.get(from)!] as const] : [])));
      settle(expected, commits);
      expect(modelOf(moved)).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});
