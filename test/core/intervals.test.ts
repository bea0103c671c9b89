import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countSpans, IntervalSet, type Span } from '../../src/core/intervals.ts';

const LIMIT = 24;
const span = fc.tuple(fc.nat(LIMIT), fc.nat(LIMIT)).map(([a, b]): Span => [Math.min(a, b), Math.max(a, b)]);
const step = fc.record({ add: fc.boolean(), span });

/** The oracle: a set of numbers. */
function spansOf(model: ReadonlySet<number>): Span[] {
  const spans: [number, number][] = [];
  for (const position of [...model].toSorted((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last && last[1] === position) last[1] = position + 1;
    else spans.push([position, position + 1]);
  }
  return spans;
}

const positions = ([start, end]: Span): number[] => Array.from({ length: end - start }, (_, at) => start + at);

describe('an interval set', () => {
  test('is what a set of numbers is, after any additions and removals', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), span, (steps, [low, high]) => {
        const set = new IntervalSet();
        const model = new Set<number>();
        for (const { add, span: range } of steps) {
          if (add) set.add(...range);
          else set.remove(...range);
          for (const position of positions(range)) {
            if (add) model.add(position);
            else model.delete(position);
          }
          expect(set.size).toBe(model.size);
        }
        const spans = spansOf(model);
        expect(set.spans()).toEqual(spans);
        expect(set.pieces).toBe(spans.length);
        expect(set.first).toBe(spans[0]?.[0]);
        expect(set.end).toBe(spans.at(-1)?.[1]);
        expect(countSpans(spans)).toBe(model.size);
        for (let position = -1; position <= LIMIT + 1; position++) expect(set.has(position)).toBe(model.has(position));
        expect([...set.within(low, high)]).toEqual(spansOf(new Set([...model].filter((position) => position >= low && position < high))));
      }),
      { numRuns: 500 },
    );
  });

  test('adding and removing many spans is the same as one after the other, and a copy is its own', () => {
    fc.assert(
      fc.property(fc.array(span), fc.array(span), (added, removed) => {
        const all = new IntervalSet(added);
        const copy = new IntervalSet(all.within());
        all.removeAll(removed);
        const model = new Set(added.flatMap(positions));
        expect(copy.spans()).toEqual(spansOf(model));
        for (const position of removed.flatMap(positions)) model.delete(position);
        expect(all.spans()).toEqual(spansOf(model));
        all.addAll(added);
        expect(all.size).toBe(copy.size);
      }),
    );
  });

  test('neighbours become one span, an empty span changes nothing', () => {
    const set = new IntervalSet([
      [0, 3],
      [3, 5],
    ]);
    expect(set.pieces).toBe(1);
    set.add(9, 9);
    set.add(7, 2);
    set.remove(4, 4);
    expect(set.spans()).toEqual([[0, 5]]);
    expect(new IntervalSet().first).toBeUndefined();
    expect(new IntervalSet().end).toBeUndefined();
  });

  test('its memory grows with the gaps and not with the positions', () => {
    const set = new IntervalSet();
    for (let batch = 0; batch < 10_000; batch++) set.add(batch * 1_000_000, (batch + 1) * 1_000_000);
    expect(set.pieces).toBe(1);
    expect(set.size).toBe(10_000_000_000);
  });
});
