import type { Span } from '../../core/intervals.ts';
import { combinationAt, type Grid, valueText } from '../../core/grid.ts';
import type { FrozenItem } from '../../input/item-reader.ts';

/** The values of swept parameters, which a process gets and its rows begin with; the items are all of one combination. */
export function leadOf(grid: Grid | undefined, [first]: readonly FrozenItem[]): Readonly<Record<string, string>> {
  if (!grid || !first?.swept) return {};
  const values = Object.entries(combinationAt(grid, first.swept.combination));
  return Object.fromEntries(values.map(([name, value]) => [name, valueText(value)]));
}

/** The key that a command knows an item by. */
export const ownKey = ({ key, swept }: FrozenItem): string => swept?.key ?? key;

/** Neighbours, parted where another combination begins. */
export function byCombination(items: readonly FrozenItem[]): (readonly FrozenItem[])[] {
  const groups: FrozenItem[][] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (last && last[0]?.swept?.combination === item.swept?.combination) last.push(item);
    else groups.push([item]);
  }
  return groups;
}

/** Neighbours as one. */
export function joined(spans: readonly Span[]): Span[] {
  const runs: [number, number][] = [];
  for (const [start, end] of spans) {
    const last = runs.at(-1);
    if (last?.[1] === start) last[1] = end;
    else runs.push([start, end]);
  }
  return runs;
}
