import { combinationCount, type Grid, keySuffix } from '../core/grid.ts';
import type { Move } from '../core/plan.ts';
import { type EarlierItems, matchItems, type Match } from './match.ts';
import type { FrozenRef } from './reader.ts';

/** An earlier plan, with the number of its items for one combination. */
export interface EarlierProduct extends EarlierItems {
  readonly each: number;
  readonly grid?: Grid;
}

/**
 * As `matchItems`, where each item stands for several combinations: position by position to the latest earlier plan that has both the item and
 * the combination. The items are compared once for each set of plans that combinations share.
 */
export async function matchProducts(
  current: { readonly items: FrozenRef; readonly each: number; readonly grid?: Grid },
  earlier: readonly EarlierProduct[],
): Promise<Match> {
  if (earlier.length === 0) return { moves: [], gone: 0 };
  const plans = earlier.map((plan) => ({ ...plan, numbers: numbersOf(plan.grid) }));
  const matches = new Map<string, Match>();
  const moves: Move[] = [];
  for (const [suffix, number] of numbersOf(current.grid)) {
    const having = plans.filter(({ numbers }) => numbers.has(suffix));
    const name = having.map(({ plan }) => plan).join();
    const match = matches.get(name) ?? (await matchItems({ current: current.items, earlier: having }));
    matches.set(name, match);
    for (const move of match.moves) {
      const from = having.find(({ plan }) => plan === move.plan);
      const shift = (from?.numbers.get(suffix) ?? 0) * (from?.each ?? 0);
      moves.push({ ...move, to: move.to + number * current.each, from: move.from + shift });
    }
  }
  const [latest] = plans;
  const total = latest ? latest.each * latest.numbers.size : 0;
  const kept = moves.reduce((sum, { plan, length }) => sum + (plan === latest?.plan ? length : 0), 0);
  return { moves, gone: total - kept };
}

/** Combinations by what they add to keys, in their order. */
function numbersOf(grid: Grid | undefined): ReadonlyMap<string, number> {
  return new Map(Array.from({ length: combinationCount(grid) }, (_, number) => [grid ? keySuffix(grid, number) : '', number]));
}
