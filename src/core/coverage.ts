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

/** Which commit holds the rows of which positions: sorted, disjoint segments. `size` counts the positions covered. */
export class Coverage {
  #segments: Segment[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  has(position: number): boolean {
    const segment = this.#segments[this.#after(position)];
    return segment !== undefined && segment.start <= position;
  }

  /** The segment that covers a position. */
  at(position: number): Segment | undefined {
    const segment = this.#segments[this.#after(position)];
    return segment && segment.start <= position ? segment : undefined;
  }

  /** The parts of `[start, end)` that nothing covers. */
  *gaps(start: number, end: number): Generator<Span> {
    let position = start;
    for (let at = this.#after(start); at < this.#segments.length; at++) {
      const segment = this.#segments[at];
      if (!segment || segment.start >= end) break;
      if (segment.start > position) yield [position, segment.start];
      position = Math.max(position, segment.end);
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
    for (let at = this.#after(start); at < this.#segments.length; at++) {
      const segment = this.#segments[at];
      if (!segment || segment.start >= end) return;
      yield cut(segment, Math.max(segment.start, start), Math.min(segment.end, end));
    }
  }

  /** Positions `[start, end)` are in `commit` from now on, whatever was there before. */
  assign(segment: Segment): void {
    if (segment.start >= segment.end) return;
    const from = this.#after(segment.start);
    let to = from;
    const replacement: Segment[] = [segment];
    for (let old = this.#segments[to]; old && old.start < segment.end; old = this.#segments[++to]) {
      this.#size -= Math.min(old.end, segment.end) - Math.max(old.start, segment.start);
      if (old.start < segment.start) replacement.unshift(cut(old, old.start, segment.start));
      if (old.end > segment.end) replacement.push(cut(old, segment.end, old.end));
    }
    this.#size += segment.end - segment.start;
    if (from === this.#segments.length) this.#segments.push(...replacement);
    else this.#segments.splice(from, to - from, ...replacement);
  }

  /** Nothing covers `[start, end)` any more. */
  remove(start: number, end: number): void {
    const from = this.#after(start);
    let to = from;
    const rest: Segment[] = [];
    for (let old = this.#segments[to]; old && old.start < end; old = this.#segments[++to]) {
      this.#size -= Math.min(old.end, end) - Math.max(old.start, start);
      if (old.start < start) rest.push(cut(old, old.start, start));
      if (old.end > end) rest.push(cut(old, end, old.end));
    }
    if (to > from) this.#segments.splice(from, to - from, ...rest);
  }

  #after(position: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle]?.end ?? Infinity) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
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
