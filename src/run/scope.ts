import type { Span } from '../core/intervals.ts';
import { samplePositions } from '../core/sample.ts';
import type { RunState } from '../core/state.ts';
import type { RunSettings } from '../store/manifest.ts';

/** Which items a sample takes; always the same, so that two measurements of a list can be compared. */
const SEED = 20_261_122;

/** A first session that only freezes the plan (`items` 0), or measures so many items. */
export interface Sample {
  readonly items: number;
}

/** The positions that it is about. */
export const sampleOf = (state: RunState, { items }: Sample): Span[] => samplePositions(state.plan?.count ?? 0, items, SEED);

/** One item at a time on the whole machine: what it takes then can be told from what others took. */
export const forSample = (settings: RunSettings): RunSettings => ({ ...settings, processes: 1, concurrency: 1, spares: 0, stagger: 0 });
