/** Upper edges of the buckets are this far apart, as powers of two: an estimate is off by a fifth at most. */
const PER_OCTAVE = 2;
/** The first bucket holds everything up to 2^-6 ms; with 70 of them the last one begins at 2^28 ms, three days. */
const FIRST = -6;
const BUCKETS = 70;

/** How long items have taken, in constant memory: how many, the sum of their milliseconds, and how they are spread. */
export class ItemTimes {
  readonly #buckets = Array.from({ length: BUCKETS }, () => 0);
  #count = 0;
  #sum = 0;

  get count(): number {
    return this.#count;
  }

  /** In milliseconds. */
  get sum(): number {
    return this.#sum;
  }

  /** The mean in milliseconds; 0 without any item. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  add(ms: number): void {
    const bucket = ms > 0 ? Math.round((Math.log2(ms) - FIRST) * PER_OCTAVE) : 0;
    const at = bucket < 0 ? 0 : bucket >= BUCKETS ? BUCKETS - 1 : bucket;
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
    this.#count++;
    this.#sum += ms;
  }

  /** Adds what `pack` gave; anything else is left out. */
  addPacked([sum = 0, ...pairs]: readonly number[]): void {
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      const [bucket = -1, count = 0] = pairs.slice(at, at + 2);
      if (!(bucket in this.#buckets)) continue;
      this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + count;
      this.#count += count;
    }
    this.#sum += sum;
  }

  /** The sum, then a number and a count for each bucket that is not empty: what goes from a child to its parent. */
  pack(): number[] {
    return [Math.round(this.#sum), ...this.#buckets.flatMap((count, bucket) => (count > 0 ? [bucket, count] : []))];
  }

  /** Milliseconds that the share `q` of all items has not taken longer than, about. */
  quantile(q: number): number {
    let left = q * this.#count;
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count;
      if (count > 0 && left <= 0) return 2 ** (bucket / PER_OCTAVE + FIRST);
    }
    return 0;
  }
}
