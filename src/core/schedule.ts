import type { AttemptId, AttemptMode } from './events.ts';
import { IntervalSet, type Span } from './intervals.ts';
import { leftOf } from './scope.ts';
import { batchAt } from './slices.ts';
import type { Running } from './running.ts';
import type { RunState } from './state.ts';

/** What the dispatcher is to do next. */
export type Action =
  | { readonly do: 'start' }
  | { readonly do: 'dispatch'; readonly child: number; readonly slot: number; readonly piece: Piece }
  /** Ask a running attempt to give up the back half of what it has not begun. */
  | { readonly do: 'halve'; readonly attempt: Running }
  | { readonly do: 'retire'; readonly child: number }
  /** Nothing that is left can be done in time. */
  | { readonly do: 'stop'; readonly why: 'deadline' }
  | { readonly do: 'finish' }
  /** Nothing to do before an event or this moment (ms since 1970). */
  | { readonly do: 'wait'; readonly until: number };

/** A piece of work: positions of one shard, named after the batch that the first of them lies in. */
export interface Piece extends AttemptId {
  readonly spans: readonly Span[];
  readonly stolen: boolean;
  readonly mode: AttemptMode;
}

export interface ScheduleOptions {
  readonly processes: number;
  readonly spares: number;
  /** Pause between the first launches of the slots, in milliseconds. */
  readonly stagger: number;
}

/** What the dispatcher sees and the journal does not hold. */
export interface View {
  readonly now: number;
  /** True while nothing new may begin. */
  readonly held?: boolean;
  /** How many items one child can still finish before the deadline; left out: there is none. */
  readonly fitting?: number;
  /** An attempt's items that it could give up, and how long they would take (ms); 0 where there is nothing to gain. */
  givable(attempt: Running): { readonly items: number; readonly ms: number };
}

/** Decides the one next step; the dispatcher asks again after each. */
export function decide(state: RunState, options: ScheduleOptions, view: View): Action {
  const ready = childrenIn(state, 'ready');
  if (state.stopping) return ready[0] !== undefined ? { do: 'retire', child: ready[0] } : settled(state);
  if (state.running.size === 0 && leftOf(state) === 0) return ready[0] !== undefined ? { do: 'retire', child: ready[0] } : settled(state);

  const { paused, suspendedAt } = state.steering;
  const fits = view.fitting === undefined || view.fitting >= 1;
  if (!fits && state.running.size === 0) return { do: 'stop', why: 'deadline' };
  const child = ready[0];
  if (child !== undefined && isSurplus(state, options, ready.length)) return { do: 'retire', child };
  if (paused || view.held || suspendedAt !== undefined || !fits) return { do: 'wait', until: Infinity };
  const slot = freeSlot(state, options, view);
  if (child !== undefined && slot !== undefined) {
    const piece = pieceFor(state, slot, view.now);
    if (piece) return { do: 'dispatch', child, slot, piece: beginningOf(piece, view.fitting) };
  }
  if (wantsChild(state, options, view, ready.length)) return { do: 'start' };
  const victim = slot === undefined || pieces(state, view.now, 1) > 0 ? undefined : victimFor(state, view);
  if (victim) return { do: 'halve', attempt: victim };
  return { do: 'wait', until: nextMoment(state, options, view) };
}

/** The next piece for a slot: its own shard from the front, then a shard nobody has, then the back of the fullest. */
function pieceFor(state: RunState, slot: number, now: number): Piece | undefined {
  const own = state.slots[slot];
  if (own !== undefined) {
    const piece = takeFront(state, own, now);
    if (piece) return piece;
  }
  const owned = new Set(state.slots);
  let fullest: number | undefined;
  for (const [shard, waiting] of state.waiting.entries()) {
    if (waiting.size === 0) continue;
    if (!owned.has(shard)) {
      const piece = takeFront(state, shard, now);
      if (piece) return piece;
    }
    if (waiting.size > (fullest === undefined ? 0 : (state.waiting[fullest]?.size ?? 0)) && takeFront(state, shard, now)) fullest = shard;
  }
  return fullest === undefined ? undefined : takeBack(state, fullest, now);
}

/** As much of a piece as can be done in time. */
function beginningOf(piece: Piece, fitting = Infinity): Piece {
  let left = fitting;
  const spans = piece.spans.flatMap(([start, end]): Span[] => {
    const to = Math.min(end, start + left);
    left -= to - start;
    return to > start ? [[start, to]] : [];
  });
  return { ...piece, spans };
}

function takeFront(state: RunState, shard: number, now: number): Piece | undefined {
  const bounds = state.plan?.shards[shard];
  const waiting = state.waiting[shard];
  if (!bounds || !waiting || waiting.size === 0) return undefined;
  const due = dueAlone(state, shard, now);
  if (due !== undefined) return alone(state, shard, due);
  const batchSize = state.plan?.batchSize ?? 1;
  const spans: Span[] = [];
  let count = 0;
  for (const [start, end] of ordinary(state, waiting)) {
    for (let from = start; from < end;) {
      const to = Math.min(end, bounds[0] + (batchAt(bounds, batchSize, from) + 1) * batchSize);
      // A batch ends at the plan's border, unless there is room for all that the next one still has.
      if (count > 0 && count + (to - from) > batchSize) return pieceOf(state, shard, spans, false);
      spans.push([from, to]);
      count += to - from;
      from = to;
      if (count >= batchSize) return pieceOf(state, shard, spans, false);
    }
  }
  return count > 0 ? pieceOf(state, shard, spans, false) : undefined;
}

function takeBack(state: RunState, shard: number, now: number): Piece | undefined {
  const bounds = state.plan?.shards[shard];
  const waiting = state.waiting[shard];
  if (!bounds || !waiting) return undefined;
  const due = dueAlone(state, shard, now);
  if (due !== undefined) return { ...alone(state, shard, due), stolen: true };
  const batchSize = state.plan?.batchSize ?? 1;
  const last = [...ordinary(state, waiting)].at(-1);
  if (!last) return undefined;
  const cell = bounds[0] + batchAt(bounds, batchSize, last[1] - 1) * batchSize;
  const spans = [...ordinary(state, waiting)].flatMap(([start, end]): Span[] => (end > cell ? [[Math.max(start, cell), end]] : []));
  return pieceOf(state, shard, spans, true);
}

/** What waits in a shard without the items that are to be tried alone. */
function* ordinary(state: RunState, waiting: IntervalSet): Generator<Span> {
  const apart = [...state.trouble].filter(([, { alone: isAlone }]) => isAlone).map(([index]) => index);
  if (apart.length === 0) return yield* waiting.within();
  const rest = new IntervalSet(waiting.within());
  for (const index of apart) rest.remove(index, index + 1);
  yield* rest.within();
}

function dueAlone(state: RunState, shard: number, now: number): number | undefined {
  for (const [index, trouble] of state.trouble) {
    if (trouble.alone && trouble.notBefore <= now && state.waiting[shard]?.has(index)) return index;
  }
  return undefined;
}

function alone(state: RunState, shard: number, index: number): Piece {
  return { ...pieceOf(state, shard, [[index, index + 1]], false), mode: 'alone' };
}

function pieceOf(state: RunState, shard: number, spans: readonly Span[], stolen: boolean): Piece {
  const bounds = state.plan?.shards[shard] ?? [0, 0];
  const batch = batchAt(bounds, state.plan?.batchSize ?? 1, spans[0]?.[0] ?? 0);
  const careful = spans.some(([start, end]) => !state.careful.within(start, end).next().done);
  return { shard, batch, attempt: (state.attempts[shard]?.[batch] ?? 0) + 1, spans, stolen, mode: careful ? 'careful' : 'normal' };
}

function freeSlot(state: RunState, options: ScheduleOptions, view: View): number | undefined {
  const taken = new Set([...state.running.values()].map((attempt) => attempt.slot));
  for (let slot = 0; slot < options.processes; slot++) {
    if (!taken.has(slot) && opensAt(state, options, slot) <= view.now) return slot;
  }
  return undefined;
}

/** When a slot may have its first attempt (ms since 1970). */
function opensAt(state: RunState, { stagger }: ScheduleOptions, slot: number): number {
  return state.slots[slot] === undefined ? state.totals.since + slot * stagger : 0;
}

/** Another child pays where there is work for it: for a free slot at once, beyond that, once all slots are open, as a spare. */
function wantsChild(state: RunState, options: ScheduleOptions, view: View, ready: number): boolean {
  if (view.now < setupRetryAt(state)) return false;
  const { processes, spares } = options;
  // Children that clean up keep nobody waiting, as long as there are no more of them than of those that work.
  if (state.children.size >= 2 * processes + spares) return false;
  let open = 0;
  for (let slot = 0; slot < processes; slot++) if (opensAt(state, options, slot) <= view.now) open++;
  const wanted = open - state.running.size + (open === processes ? spares : 0);
  const coming = childrenIn(state, 'starting').length + ready;
  return coming < wanted && coming < pieces(state, view.now, wanted);
}

/** True where children wait for work although there are more of them than slots and spares: there are fewer slots than there were. */
function isSurplus(state: RunState, { processes, spares }: ScheduleOptions, ready: number): boolean {
  return ready > Math.max(0, processes - state.running.size) + spares;
}

/** Number of pieces that could be dispatched now, counted up to `limit`. */
function pieces(state: RunState, now: number, limit: number): number {
  const batchSize = state.plan?.batchSize ?? 1;
  let apart = 0;
  let due = 0;
  for (const trouble of state.trouble.values()) {
    if (!trouble.alone) continue;
    apart++;
    if (trouble.notBefore <= now) due++;
  }
  let count = due;
  for (const waiting of state.waiting) {
    if (count >= limit) break;
    count += Math.ceil(waiting.size / batchSize);
  }
  const total = state.waiting.reduce((sum, waiting) => sum + waiting.size, 0);
  return Math.min(count, Math.max(0, total - (apart - due)), limit);
}

/** The attempt with most work left that it has not begun, where taking half of it pays. */
function victimFor(state: RunState, view: View): Running | undefined {
  let best: Running | undefined;
  let most = 0;
  for (const attempt of state.running.values()) {
    const { items, ms } = view.givable(attempt);
    if (items > 0 && ms > most) [best, most] = [attempt, ms];
  }
  return best;
}

function settled(state: RunState): Action {
  const busy = state.running.size > 0 || [...state.children.values()].some(({ phase }) => phase !== 'leaving');
  return busy ? { do: 'wait', until: Infinity } : { do: 'finish' };
}

function nextMoment(state: RunState, options: ScheduleOptions, view: View): number {
  let until = Infinity;
  for (const trouble of state.trouble.values())
    if (trouble.alone && trouble.notBefore > view.now) until = Math.min(until, trouble.notBefore);
  for (let slot = 0; slot < options.processes; slot++) {
    const start = opensAt(state, options, slot);
    if (start > view.now) until = Math.min(until, start);
  }
  return Math.min(until, setupRetryAt(state) > view.now ? setupRetryAt(state) : Infinity);
}

/** After a child that could not be set up, the next one waits: 1 s, then 2 s. */
function setupRetryAt(state: RunState): number {
  return state.totals.setupFailures === 0 ? 0 : state.totals.lastSetupFailure + 1000 * state.totals.setupFailures;
}

function childrenIn(state: RunState, phase: 'starting' | 'ready'): number[] {
  const found: number[] = [];
  for (const [child, { phase: its }] of state.children) if (its === phase) found.push(child);
  return found;
}
