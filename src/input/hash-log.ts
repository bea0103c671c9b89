const BUCKETS = 64;
/** Upper limit of what a bucket holds of hashes of 53 bits. */
const BUCKET_WIDTH = 2 ** 53 / BUCKETS;
const PIECE = 4096;

/** Which hashes came more than once. */
export interface Repeats {
  /** Each of them once, in ascending order. */
  readonly hashes: readonly number[];
  /** How many hashes came in all beyond the first of each kind. */
  readonly surplus: number;
}

/** Collects 53-bit hashes in 8 bytes each, in buckets of which each can be sorted by itself: a copy of all would double the memory. */
export class HashLog {
  readonly #buckets = Array.from({ length: BUCKETS }, () => new Bucket());

  add(hash: number): void {
    this.#buckets[Math.floor(hash / BUCKET_WIDTH)]?.add(hash);
  }

  repeats(): Repeats {
    const hashes: number[] = [];
    let surplus = 0;
    const room = new Float64Array(Math.max(...this.#buckets.map(({ size }) => size)));
    for (const bucket of this.#buckets) {
      const sorted = bucket.copyInto(room);
      sorted.sort();
      let last: number | undefined;
      for (const hash of sorted) {
        if (hash === last) surplus++;
        if (hash === last && hashes.at(-1) !== hash) hashes.push(hash);
        last = hash;
      }
    }
    return { hashes, surplus };
  }
}

class Bucket {
  readonly #full: Float64Array[] = [];
  #piece = new Float64Array(0);
  #filled = 0;

  add(hash: number): void {
    if (this.#filled === this.#piece.length) {
      if (this.#filled > 0) this.#full.push(this.#piece);
      this.#piece = new Float64Array(PIECE);
      this.#filled = 0;
    }
    this.#piece[this.#filled++] = hash;
  }

  get size(): number {
    return this.#full.length * PIECE + this.#filled;
  }

  /** Returns the part of `room` that the hashes take. */
  copyInto(room: Float64Array): Float64Array {
    for (const [at, piece] of this.#full.entries()) room.set(piece, at * PIECE);
    room.set(this.#piece.subarray(0, this.#filled), this.#full.length * PIECE);
    return room.subarray(0, this.size);
  }
}
