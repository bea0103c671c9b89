import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Move } from '../../src/core/plan.ts';
import { matchItems } from '../../src/input/match.ts';
import type { FrozenRef } from '../../src/input/reader.ts';
import { frozen, TWINS, temporaryFolder } from './files.ts';

const folder = temporaryFolder();

/** A list of keys; a range when it is one and the test says so. */
type List = { readonly keys: readonly string[]; readonly range?: { readonly start: number; readonly end: number } };

const numbers = (start: number, end: number): string[] => Array.from({ length: end - start }, (_, at) => String(start + at));
const ofRange = (start: number, end: number): List => ({ keys: numbers(start, end), range: { start, end } });
const refOf = async ({ keys, range }: List): Promise<FrozenRef> => range ?? (await frozen(folder, keys)).file;

async function match(current: List, ...earlier: readonly List[]): Promise<{ moves: Move[]; gone: number }> {
  const plans = await Promise.all(earlier.map(async (list, age) => ({ plan: earlier.length - 1 - age, items: await refOf(list) })));
  return matchItems({ current: await refOf(current), earlier: plans });
}

/** For each position of the current list, `plan:position` in the latest plan that has the key; by the plainest means. */
function naive(current: List, earlier: readonly List[]): { places: (string | undefined)[]; gone: number } {
  const places = current.keys.map((key) => {
    const age = earlier.findIndex(({ keys }) => keys.includes(key));
    return age < 0 ? undefined : `${earlier.length - 1 - age}:${earlier[age]?.keys.indexOf(key)}`;
  });
  return { places, gone: earlier[0]?.keys.filter((key) => !current.keys.includes(key)).length ?? 0 };
}

/** The same, from moves. */
function unrolled(moves: readonly Move[], count: number): (string | undefined)[] {
  const places: (string | undefined)[] = Array.from({ length: count });
  for (const { to, plan, from, length, step } of moves) {
    for (let at = 0; at < length; at++) places[to + at] = `${plan}:${from + at * step}`;
  }
  return places;
}

const file = fc
  .uniqueArray(fc.oneof(fc.nat(30).map(String), fc.constantFrom('07', '-0', '1e1', '1.5', 'x', ' 1', '-3')), { minLength: 1 })
  .map((keys) => ({ keys }));
const range = fc
  .tuple(fc.integer({ min: -5, max: 25 }), fc.integer({ min: 1, max: 15 }))
  .map(([start, length]) => ofRange(start, start + length));
const list = fc.oneof<fc.Arbitrary<List>[]>(file, range);

test('finds what a plain search finds, for files and ranges', async () => {
  await fc.assert(
    fc.asyncProperty(list, fc.array(list, { maxLength: 3 }), async (current, earlier) => {
      const { moves, gone } = await match(current, ...earlier);
      const expected = naive(current, earlier);
      expect(unrolled(moves, current.keys.length)).toEqual(expected.places);
      expect(gone).toBe(expected.gone);
      for (const [at, move] of moves.entries()) {
        const before = moves[at - 1];
        if (before) expect(move.to).toBeGreaterThanOrEqual(before.to + before.length);
        if (move.length === 1) expect(move.step).toBe(1);
      }
    }),
    { numRuns: 300 },
  );
});

test('edits of a long list cost a move or two each', async () => {
  const keys = numbers(0, 5000);
  const edit = fc.tuple(fc.constantFrom('insert', 'remove', 'reverse', 'swap'), fc.nat(4000), fc.integer({ min: 2, max: 900 }));
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { maxLength: 6 }), async (edits) => {
      const edited = [...keys];
      for (const [at, [what, start, length]] of edits.entries()) {
        if (what === 'insert') edited.splice(start, 0, ...numbers(0, length).map((key) => `new-${at}-${key}`));
        else if (what === 'remove') edited.splice(start, length);
        else if (what === 'reverse') edited.splice(start, length, ...edited.slice(start, start + length).toReversed());
        else edited.push(...edited.splice(start, length));
      }
      const lists = [{ keys }] as const;
      const { moves, gone } = await match({ keys: edited }, ...lists);
      expect(moves.length).toBeLessThanOrEqual(1 + 3 * edits.length);
      const positions = new Map(keys.map((key, at) => [key, `0:${at}`]));
      expect(unrolled(moves, edited.length)).toEqual(edited.map((key) => positions.get(key)));
      expect(gone).toBe(keys.length - edited.filter((key) => positions.has(key)).length);
    }),
    { numRuns: 40 },
  );
});

describe('compresses', () => {
  const keys = numbers(0, 3000).map((key) => `é${key}`);

  test('the same list to one move', async () => {
    expect(await match({ keys }, { keys })).toEqual({ moves: [{ to: 0, plan: 0, from: 0, length: 3000, step: 1 }], gone: 0 });
  });

  test('a longer and a shorter list to one move', async () => {
    expect(await match({ keys }, { keys: keys.slice(0, 999) })).toEqual({
      moves: [{ to: 0, plan: 0, from: 0, length: 999, step: 1 }],
      gone: 0,
    });
    expect(await match({ keys: keys.slice(0, 999) }, { keys })).toEqual({
      moves: [{ to: 0, plan: 0, from: 0, length: 999, step: 1 }],
      gone: 2001,
    });
  });

  test('a reversed list to one move', async () => {
    expect(await match({ keys: keys.toReversed() }, { keys })).toEqual({
      moves: [{ to: 0, plan: 0, from: 2999, length: 3000, step: -1 }],
      gone: 0,
    });
  });

  test('an inserted item to two moves', async () => {
    expect((await match({ keys: keys.toSpliced(1000, 0, 'new') }, { keys })).moves).toEqual([
      { to: 0, plan: 0, from: 0, length: 1000, step: 1 },
      { to: 1001, plan: 0, from: 1000, length: 2000, step: 1 },
    ]);
  });

  test('ranges, of any size', async () => {
    const earlier = [
      { plan: 1, items: { start: 10, end: 20 } },
      { plan: 0, items: { start: 0, end: 2e12 } },
    ];
    expect(await matchItems({ current: { start: 5, end: 1e12 }, earlier })).toEqual({
      moves: [
        { to: 0, plan: 0, from: 5, length: 5, step: 1 },
        { to: 5, plan: 1, from: 0, length: 10, step: 1 },
        { to: 15, plan: 0, from: 20, length: 1e12 - 20, step: 1 },
      ],
      gone: 0,
    });
  });

  test('a file of numbers against a huge range, both ways', async () => {
    const { file: items } = await frozen(folder, ['x', ...numbers(1e9, 1e9 + 500).toReversed()]);
    const huge = { start: 0, end: 2e12 };
    expect((await matchItems({ current: items, earlier: [{ plan: 0, items: huge }] })).moves).toEqual([
      { to: 1, plan: 0, from: 1e9 + 499, length: 500, step: -1 },
    ]);
    expect(await matchItems({ current: huge, earlier: [{ plan: 0, items }] })).toEqual({
      moves: [{ to: 1e9, plan: 0, from: 500, length: 500, step: -1 }],
      gone: 1,
    });
  });
});

test('keys whose hashes happen to be equal are told apart', async () => {
  const [a, b] = TWINS;
  expect(await match({ keys: [a] }, { keys: [b] })).toEqual({ moves: [], gone: 1 });
  expect(await match({ keys: ['x', a, b] }, { keys: [b, a] })).toEqual({
    moves: [{ to: 1, plan: 0, from: 1, length: 2, step: -1 }],
    gone: 0,
  });
});

test('without earlier plans there is nothing to move', async () => expect(await match({ keys: ['a'] })).toEqual({ moves: [], gone: 0 }));

test('an item that came back is found in the plan that had it', async () => {
  expect(await match({ keys: ['a', 'b', 'c'] }, { keys: ['a', 'c'] }, { keys: ['c', 'b', 'a'] })).toEqual({
    moves: [
      { to: 0, plan: 1, from: 0, length: 1, step: 1 },
      { to: 1, plan: 0, from: 1, length: 1, step: 1 },
      { to: 2, plan: 1, from: 1, length: 1, step: 1 },
    ],
    gone: 0,
  });
});
