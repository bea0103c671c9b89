import { UserError } from '../core/errors.ts';
import { parseIndexSet } from '../core/index-set.ts';
import { IntervalSet, type Span } from '../core/intervals.ts';
import { nearest } from '../core/nearest.ts';
import type { RerunChoice } from '../core/options.ts';
import type { RunState } from '../core/state.ts';
import { findKeys, openPlanItems } from '../input/grid-reader.ts';
import type { Found } from './find-run.ts';

/** The positions of the failed items, all of them or those within a scope. */
export function failedSpans({ failures }: RunState, scope?: readonly Span[]): Span[] {
  const within = scope && new IntervalSet(scope);
  const positions = [...failures.keys()].filter((index) => within?.has(index) ?? true);
  return new IntervalSet(positions.map((index): Span => [index, index + 1])).spans();
}

/** The positions that a rerun is about. */
export function chosen(state: RunState, choice: RerunChoice, { paths }: Found): Span[] {
  const plan = state.plan ?? state.plans[0];
  if (!plan || choice.kind === 'failed') return failedSpans(state);
  if (choice.kind === 'shards') {
    const indexes = parseIndexSet(choice.shards, { count: plan.shards.length, what: 'shard' });
    return indexes.flatMap(([start, end]) => plan.shards.slice(start, end));
  }
  const reader = openPlanItems({ items: plan.items }, paths.folder);
  const { spans, missing, known } = findKeys(reader, plan.grid, choice.keys);
  reader.close();
  if (missing === undefined) return spans;
  const similar = nearest(missing, known);
  throw new UserError(`the run has no item ${JSON.stringify(missing)}`, {
    hint: similar === undefined ? 'items are named by their key' : `did you mean ${JSON.stringify(similar)}?`,
  });
}
