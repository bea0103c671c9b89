import type { Move, Plan } from '../../../src/core/plan.ts';
import { slices } from '../../../src/core/slices.ts';
import type { Random } from '../../support/random.ts';

/** A plan for items that are known by their identities; `earlier` are those of the plans before. */
export function planFor(
  ids: readonly number[],
  earlier: readonly (readonly number[])[],
  shape: { shards: number; batchSize: number },
): Plan {
  const shards = slices(ids.length, shape.shards);
  return {
    version: 1,
    index: earlier.length,
    items: { kind: 'range', start: 0, end: ids.length },
    count: ids.length,
    batchSize: shape.batchSize,
    shards,
    emptyShards: shape.shards - shards.length,
    moves: movesOf(ids, earlier),
  };
}

/** Finds each item in the latest plan that had it; runs of neighbours become one move. */
function movesOf(ids: readonly number[], earlier: readonly (readonly number[])[]): Move[] {
  const moves: Move[] = [];
  for (const [to, id] of ids.entries()) {
    const plan = earlier.findLastIndex((old) => old.includes(id));
    if (plan < 0) continue;
    const from = earlier[plan]?.indexOf(id) ?? -1;
    const last = moves.at(-1);
    const follows = last !== undefined && last.plan === plan && last.to + last.length === to;
    const step = follows ? from - (last.from + (last.length - 1) * last.step) : 0;
    if (follows && (step === 1 || step === -1) && (last.length === 1 || last.step === step)) {
      moves[moves.length - 1] = { ...last, length: last.length + 1, step };
    } else moves.push({ to, plan, from, length: 1, step: 1 });
  }
  return moves;
}

/** Another list: the same, reversed, in another order, with some gone, with new ones, or with gone ones back. */
export function otherItems(random: Random, ids: readonly number[], all: readonly number[]): number[] {
  const cut = random.int(0, ids.length);
  const fresh = Array.from({ length: random.int(0, 7) }, (_, at) => all.length + at);
  const gone = all.filter((id) => !ids.includes(id) && random.chance(0.5));
  return random.pick([
    () => [...ids],
    () => ids.toReversed(),
    () => [...ids.slice(cut), ...ids.slice(0, cut)],
    () => ids.filter(() => random.chance(0.7)),
    () => [...ids.slice(0, cut), ...fresh, ...ids.slice(cut)],
    () => [...fresh, ...ids.slice(cut).toReversed(), ...gone, ...ids.slice(0, cut)],
  ])();
}
