/** A half-open range of positions, `[start, end)`. */
export type Span = readonly [start: number, end: number];

/** Number of positions in spans that do not overlap. */
export function countSpans(spans: readonly Span[]): number {
  let count = 0;
  for (const [start, end] of spans) count += end - start;
  return count;
}

/**
 * A set of positions, kept as sorted, disjoint, non-adjacent spans: its memory grows with the number of gaps, not with
 * the number of positions. `size` is the number of positions.
 */
export class IntervalSet {
  #starts: number[] = [];
  #ends: number[] = [];
  #size = 0;

  constructor(spans: Iterable<Span> = []) {
    for (const [start, end] of spans) this.add(start, end);
  }

  get size(): number {
    return this.#size;
  }

  /** Number of spans. */
  get pieces(): number {
    return this.#starts.length;
  }

  /** The first position, or `undefined` when the set is empty. */
  get first(): number | undefined {
    return this.#starts[0];
  }

  /** The position behind the last one, or `undefined` when the set is empty. */
  get end(): number | undefined {
    return this.#ends.at(-1);
  }

  has(position: number): boolean {
    const at = this.#after(position);
    return at < this.#starts.length && this.#start(at) <= position;
  }

  add(start: number, end: number): void {
    if (start >= end) return;
    // Everything from `from` to `to` touches [start, end) and becomes one span with it.
    const from = this.#after(start - 1);
    let to = from;
    let low = start;
    let high = end;
    while (to < this.#starts.length && this.#start(to) <= end) {
      low = Math.min(low, this.#start(to));
      high = Math.max(high, this.#end(to));
      this.#size -= this.#end(to) - this.#start(to);
      to++;
    }
    this.#starts.splice(from, to - from, low);
    this.#ends.splice(from, to - from, high);
    this.#size += high - low;
  }

  remove(start: number, end: number): void {
    if (start >= end) return;
    const from = this.#after(start);
    let to = from;
    const starts: number[] = [];
    const ends: number[] = [];
    while (to < this.#starts.length && this.#start(to) < end) {
      const [low, high] = [this.#start(to), this.#end(to)];
      this.#size -= Math.min(high, end) - Math.max(low, start);
      if (low < start) {
        starts.push(low);
        ends.push(start);
      }
      if (high > end) {
        starts.push(end);
        ends.push(high);
      }
      to++;
    }
    if (to === from) return;
    this.#starts.splice(from, to - from, ...starts);
    this.#ends.splice(from, to - from, ...ends);
  }

  addAll(spans: Iterable<Span>): void {
    for (const [start, end] of spans) this.add(start, end);
  }

  removeAll(spans: Iterable<Span>): void {
    for (const [start, end] of spans) this.remove(start, end);
  }

  /** The spans inside `[start, end)`, cut to it, in order. */
  *within(start = -Infinity, end = Infinity): Generator<Span> {
    if (start >= end) return;
    for (let at = this.#after(start); at < this.#starts.length && this.#start(at) < end; at++) {
      yield [Math.max(this.#start(at), start), Math.min(this.#end(at), end)];
    }
  }

  spans(): Span[] {
    return [...this.within()];
  }

  /** Index of the first span that ends behind `position`. */
  #after(position: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#end(middle) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #start(at: number): number {
    return this.#starts[at] ?? Infinity;
  }

  #end(at: number): number {
    return this.#ends[at] ?? Infinity;
  }
}
