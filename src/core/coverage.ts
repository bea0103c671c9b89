import type { IntervalSet, Span } from './intervals.ts';
import type { Move } from './plan.ts';

/** The rows of positions `[start, end)` are in commit `commit`, where `start + i` was position `from + i * step`. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly commit: number;
  readonly from: number;
  readonly step: 1 | -1;
}

/**
 * Which commit holds the rows of which positions: sorted, disjoint segments. `size` counts the positions covered. A run has as many segments
 * as batches, so they are kept as numbers (32 bytes each) and not as objects (72): the parent's memory must hardly grow with the work (P7).
 */
export class Coverage {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #commits: number[] = [];
  /** `2 * from`, and one more where the step is -1. */
  readonly #sources: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get segments(): readonly Segment[] {
    return this.#starts.map((_, at) => this.#get(at));
  }

  has(position: number): boolean {
    return (this.#starts[this.#after(position)] ?? Infinity) <= position;
  }

  /** The segment that covers a position. */
  at(position: number): Segment | undefined {
    return this.has(position) ? this.#get(this.#after(position)) : undefined;
  }

  /** The parts of `[start, end)` that nothing covers. */
  *gaps(start: number, end: number): Generator<Span> {
    let position = start;
    for (let at = this.#after(start); at < this.#starts.length; at++) {
      const [from, to] = [this.#starts[at] ?? 0, this.#ends[at] ?? 0];
      if (from >= end) break;
      if (from > position) yield [position, from];
      position = Math.max(position, to);
    }
    if (position < end) yield [position, end];
  }

  /** Number of covered positions in `[start, end)`. */
  countWithin(start: number, end: number): number {
    let count = 0;
    for (const segment of this.within(start, end)) count += segment.end - segment.start;
    return count;
  }

  /** The segments inside `[start, end)`, cut to it. */
  *within(start: number, end: number): Generator<Segment> {
    if (start >= end) return;
    for (let at = this.#after(start); at < this.#starts.length; at++) {
      const segment = this.#get(at);
      if (segment.start >= end) return;
      yield cut(segment, Math.max(segment.start, start), Math.min(segment.end, end));
    }
  }

  /** Positions `[start, end)` are in `commit` from now on, whatever was there before. */
  assign(segment: Segment): void {
    if (segment.start >= segment.end) return;
    const from = this.#after(segment.start);
    let to = from;
    const replacement: Segment[] = [segment];
    for (; to < this.#starts.length && (this.#starts[to] ?? 0) < segment.end; to++) {
      const old = this.#get(to);
      this.#size -= Math.min(old.end, segment.end) - Math.max(old.start, segment.start);
      if (old.start < segment.start) replacement.unshift(cut(old, old.start, segment.start));
      if (old.end > segment.end) replacement.push(cut(old, segment.end, old.end));
    }
    this.#size += segment.end - segment.start;
    replace(this.#starts, from, to, replacement, ({ start }) => start);
    replace(this.#ends, from, to, replacement, ({ end }) => end);
    replace(this.#commits, from, to, replacement, ({ commit }) => commit);
    replace(this.#sources, from, to, replacement, (one) => 2 * one.from + (one.step === 1 ? 0 : 1));
  }

  #get(at: number): Segment {
    const source = this.#sources[at] ?? 0;
    return {
      start: this.#starts[at] ?? 0,
      end: this.#ends[at] ?? 0,
      commit: this.#commits[at] ?? 0,
      from: Math.floor(source / 2),
      step: source % 2 === 0 ? 1 : -1,
    };
  }

  #after(position: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] ?? Infinity) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Puts one number of each segment in the place of those at `[from, to)`. */
function replace(column: number[], from: number, to: number, segments: readonly Segment[], number: (segment: Segment) => number): void {
  const numbers = segments.map(number);
  if (from === column.length) column.push(...numbers);
  else column.splice(from, to - from, ...numbers);
}

/** What a new plan already has, given what each earlier plan had. */
export function moveCoverage(moves: readonly Move[], earlier: readonly Coverage[]): Coverage {
  const coverage = new Coverage();
  for (const move of moves) {
    const old = earlier[move.plan];
    if (!old) continue;
    const low = move.step === 1 ? move.from : move.from - move.length + 1;
    const found = [...old.within(low, low + move.length)];
    // A reversed list is read from its back, so that segments arrive in the new order.
    for (const segment of move.step === 1 ? found : found.toReversed()) {
      const length = segment.end - segment.start;
      const to = move.step === 1 ? move.to + segment.start - move.from : move.to + move.from - (segment.end - 1);
      const first = move.step === 1 ? segment.from : segment.from + (length - 1) * segment.step;
      coverage.assign({ start: to, end: to + length, commit: segment.commit, from: first, step: move.step === segment.step ? 1 : -1 });
    }
  }
  return coverage;
}

/** Where positions of the earlier plan `plan` are in a new one, as far as they are in it. */
export function* moveSpans(moves: readonly Move[], plan: number, positions: IntervalSet): Generator<Span> {
  for (const move of moves) {
    if (move.plan !== plan) continue;
    const low = move.step === 1 ? move.from : move.from - move.length + 1;
    for (const [start, end] of positions.within(low, low + move.length)) {
      const to = move.step === 1 ? move.to + start - move.from : move.to + move.from - (end - 1);
      yield [to, to + end - start];
    }
  }
}

function cut(segment: Segment, start: number, end: number): Segment {
  if (start === segment.start && end === segment.end) return segment;
  return { ...segment, start, end, from: segment.from + (start - segment.start) * segment.step };
}
