/** Milliseconds of a bucket. */
const BUCKET = 100;
const MINUTE = 60_000;
const BUCKETS = MINUTE / BUCKET;

/** How much there was of something in the last minute, to a tenth of a second. Times in milliseconds on any one clock. */
export class Usage {
  readonly #sums = new Float64Array(BUCKETS);
  /** Which bucket, counted from time 0, each place holds. */
  readonly #numbers = new Float64Array(BUCKETS).fill(-1);

  add(at: number, amount: number): void {
    const number = Math.floor(at / BUCKET);
    const place = number % BUCKETS;
    const held = this.#numbers[place] ?? -1;
    // Of something that is older than the minute, nothing is kept.
    if (held > number) return;
    if (held < number) this.#sums[place] = 0;
    this.#numbers[place] = number;
    this.#sums[place] = (this.#sums[place] ?? 0) + amount;
  }

  /** The sum of the last `ms` milliseconds, at most a minute. */
  sum(now: number, ms = MINUTE): number {
    const newest = Math.floor(now / BUCKET);
    const oldest = newest - Math.min(BUCKETS, Math.round(ms / BUCKET));
    let sum = 0;
    for (let place = 0; place < BUCKETS; place++) {
      const number = this.#numbers[place] ?? -1;
      if (number > oldest && number <= newest) sum += this.#sums[place] ?? 0;
    }
    return sum;
  }
}
