import { join } from 'node:path';
import { combinationCount, type Grid, keySuffix } from '../core/grid.ts';
import type { Span } from '../core/intervals.ts';
import type { ItemsRef } from '../core/plan.ts';
import { checkSpan, type FrozenItem, type FrozenKey, type ItemReader } from './item-reader.ts';
import { openItemsReader } from './reader.ts';

/** The items of a plan, for each combination of what it sweeps. `folder`: where its file is. */
export function openPlanItems({ items, grid }: { readonly items: ItemsRef; readonly grid?: Grid }, folder: string): ItemReader {
  return gridReader(openItemsReader(items.kind === 'range' ? items : join(folder, items.file)), grid);
}

/**
 * Items that are written down once, read once for each combination: all of the first combination, then all of the second, so that the rows of a
 * combination are those of a run of it alone. The key of an item is its own with the combination behind it.
 */
export function gridReader(base: ItemReader, grid: Grid | undefined): ItemReader {
  if (!grid) return base;
  const each = base.count;
  const count = each * combinationCount(grid);
  let last = { combination: -1, suffix: '' };
  const suffixOf = (combination: number): string => {
    if (last.combination !== combination) last = { combination, suffix: keySuffix(grid, combination) };
    return last.suffix;
  };
  function* read(spans: Iterable<Span>): Generator<FrozenItem, void> {
    for (const { combination, span } of pieces(spans, each, count)) {
      for (const { index: position, key, item } of base.read([span])) {
        const swept = { combination, position, key };
        yield { index: combination * each + position, key: key + suffixOf(combination), item, swept };
      }
    }
  }
  function* readKeys(spans: Iterable<Span> = [[0, count]]): Generator<FrozenKey, void> {
    for (const { combination, span } of pieces(spans, each, count)) {
      for (const { index, key } of base.readKeys([span])) yield { index: combination * each + index, key: key + suffixOf(combination) };
    }
  }
  return {
    count,
    read,
    readKeys,
    keyAt(position) {
      checkSpan(position, position + 1, count);
      return base.keyAt(position % each) + suffixOf(Math.floor(position / each));
    },
    close: () => base.close(),
  };
}

/** Spans, cut where a combination ends. */
function* pieces(spans: Iterable<Span>, each: number, count: number): Generator<{ combination: number; span: Span }> {
  for (const [start, end] of spans) {
    checkSpan(start, end, count);
    for (let at = start; at < end;) {
      const combination = Math.floor(at / each);
      const to = Math.min(end, (combination + 1) * each);
      yield { combination, span: [at - combination * each, to - combination * each] };
      at = to;
    }
  }
}

/**
 * Where the items with these keys are: an item's own key means all of its combinations, one with a combination behind it that one. A key that is
 * both is the item's own. Gives those that are not there as `missing`, and some keys that are.
 */
export function findKeys(
  base: ItemReader,
  grid: Grid | undefined,
  wanted: Iterable<string>,
): { spans: Span[]; missing: string | undefined; known: string[] } {
  const combinations = combinationCount(grid);
  const left = new Set(wanted);
  const byItem = new Map<string, { readonly key: string; readonly combination: number }[]>();
  if (grid) {
    for (let combination = 0; combination < combinations; combination++) {
      const suffix = keySuffix(grid, combination);
      for (const key of left) {
        if (!key.endsWith(suffix)) continue;
        const own = key.slice(0, -suffix.length);
        byItem.set(own, [...(byItem.get(own) ?? []), { key, combination }]);
      }
    }
  }
  const spans: Span[] = [];
  const known: string[] = [];
  const take = (index: number, combination: number): number => {
    const at = combination * base.count + index;
    return spans.push([at, at + 1]);
  };
  for (const { index, key } of base.readKeys()) {
    const single = byItem.get(key);
    if (left.delete(key)) for (let combination = 0; combination < combinations; combination++) take(index, combination);
    else if (known.length < MOST_KNOWN) known.push(key);
    for (const { key: whole, combination } of single ?? []) if (left.delete(whole)) take(index, combination);
    if (left.size === 0) break;
  }
  const [missing] = left;
  return { spans: spans.toSorted(([a], [b]) => a - b), missing, known };
}

/** So many keys are compared with one that was mistyped. */
const MOST_KNOWN = 10_000;
