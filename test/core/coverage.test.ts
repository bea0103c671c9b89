import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Coverage, moveCoverage, type Segment } from '../../src/core/coverage.ts';
import type { Move } from '../../src/core/plan.ts';

const LIMIT = 30;

/** The oracle: position to the commit that holds its rows, and the position that it had when it was committed. */
type Model = ReadonlyMap<number, { readonly commit: number; readonly from: number }>;

const range = fc.tuple(fc.nat(LIMIT), fc.nat(LIMIT)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
const segment = fc
  .record({ range, from: fc.nat(1000), step: fc.constantFrom(1 as const, -1 as const) })
  .map(({ range: { start, end }, from, step }) => ({ start, end, from: from + (step === -1 ? end - start : 0), step }));
const segments = fc.array(segment, { maxLength: 20 }).map((all) => all.map((one, commit): Segment => ({ ...one, commit })));

function modelOf(assigned: readonly Segment[]): Map<number, { commit: number; from: number }> {
  const model = new Map<number, { commit: number; from: number }>();
  for (const { start, end, commit, from, step } of assigned) {
    for (let i = 0; start + i < end; i++) model.set(start + i, { commit, from: from + i * step });
  }
  return model;
}

function coverageOf(assigned: readonly Segment[]): Coverage {
  const coverage = new Coverage();
  for (const one of assigned) coverage.assign(one);
  return coverage;
}

/** What segments say, position by position; fails for segments that are empty, unsorted or overlap. */
function read(found: Iterable<Segment>): Model {
  const model = new Map<number, { commit: number; from: number }>();
  let last = -Infinity;
  for (const { start, end, commit, from, step } of found) {
    expect(start).toBeGreaterThanOrEqual(last);
    expect(end).toBeGreaterThan(start);
    last = end;
    for (let i = 0; start + i < end; i++) model.set(start + i, { commit, from: from + i * step });
  }
  return model;
}

describe('coverage', () => {
  test('is what a map of positions is: the last assignment counts', () => {
    fc.assert(
      fc.property(segments, range, (assigned, { start, end }) => {
        const coverage = coverageOf(assigned);
        const model = modelOf(assigned);
        expect(read(coverage.segments)).toEqual(model);
        expect(coverage.size).toBe(model.size);
        const inside = new Map([...model].filter(([position]) => position >= start && position < end));
        expect(read(coverage.within(start, end))).toEqual(inside);
        expect(coverage.countWithin(start, end)).toBe(inside.size);
        for (let position = -1; position <= LIMIT + 1; position++) {
          expect(coverage.has(position)).toBe(model.has(position));
          const at = coverage.at(position);
          expect(at && { commit: at.commit, from: at.from + (position - at.start) * at.step }).toEqual(model.get(position));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('its gaps are the positions that nothing covers, in order and never empty', () => {
    fc.assert(
      fc.property(segments, range, (assigned, { start, end }) => {
        const model = modelOf(assigned);
        const missing: number[] = [];
        for (const [from, to] of coverageOf(assigned).gaps(start, end)) {
          expect(to).toBeGreaterThan(from);
          for (let position = from; position < to; position++) missing.push(position);
        }
        const all = Array.from({ length: end - start }, (_, at) => start + at);
        expect(missing).toEqual(all.filter((position) => !model.has(position)));
      }),
    );
  });
});

/** Moves to disjoint places of a new plan, from anywhere in the earlier ones, in an order that fc chooses. */
const moves = (plans: number): fc.Arbitrary<Move[]> =>
  fc
    .array(
      fc.record({
        gap: fc.nat(4),
        length: fc.integer({ min: 1, max: 8 }),
        plan: fc.nat(plans - 1),
        low: fc.nat(LIMIT),
        step: fc.constantFrom(1 as const, -1 as const),
      }),
      { maxLength: 8 },
    )
    .chain((shapes) => {
      let to = 0;
      const all = shapes.map(({ gap, length, plan, low, step }): Move => {
        const move: Move = { to: to + gap, plan, from: step === 1 ? low : low + length - 1, length, step };
        to = move.to + length;
        return move;
      });
      return fc.shuffledSubarray(all);
    });

describe('moved coverage', () => {
  test('has at each new position what the earlier plan had at its old one, forwards and backwards', () => {
    fc.assert(
      fc.property(fc.array(segments, { minLength: 1, maxLength: 3 }), moves(3), (plans, moved) => {
        const expected = new Map<number, { commit: number; from: number }>();
        for (const { to, plan, from, length, step } of moved) {
          const model = modelOf(plans[plan] ?? []);
          for (let i = 0; i < length; i++) {
            const found = model.get(from + i * step);
            if (found) expected.set(to + i, found);
          }
        }
        const coverage = moveCoverage(moved, plans.map(coverageOf));
        expect(read(coverage.segments)).toEqual(expected);
        expect(coverage.size).toBe(expected.size);
      }),
      { numRuns: 500 },
    );
  });

  test('a list that is reversed twice is as it was', () => {
    fc.assert(
      fc.property(segments, (assigned) => {
        const before = coverageOf(assigned);
        const reversal: Move[] = [{ to: 0, plan: 0, from: LIMIT - 1, length: LIMIT, step: -1 }];
        const after = moveCoverage(reversal, [moveCoverage(reversal, [before])]);
        expect(read(after.segments)).toEqual(read(before.segments));
      }),
    );
  });

  test('a segment of many positions stays one segment', () => {
    const before = coverageOf([{ start: 0, end: 1000, commit: 4, from: 0, step: 1 }]);
    expect(moveCoverage([{ to: 10, plan: 0, from: 999, length: 1000, step: -1 }], [before]).segments).toEqual([
      { start: 10, end: 1010, commit: 4, from: 999, step: -1 },
    ]);
  });
});
