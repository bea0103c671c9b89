import { createHash } from 'node:crypto';

/**
 * Numbers that look random and depend on a seed and a name only: never on the order of the items, the process or the clock. The generator is
 * Chris Doty-Humphrey's sfc32 (PractRand), its state the SHA-256 of both.
 */
export class Draws {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number | string, name: string) {
    const digest = createHash('sha256').update(`${seed}:${name}`).digest();
    this.#a = digest.readInt32LE(0);
    this.#b = digest.readInt32LE(4);
    this.#c = digest.readInt32LE(8);
    this.#d = digest.readInt32LE(12);
  }

  /** 32 random bits, as a whole number from 0. */
  bits(): number {
    const b = this.#b;
    const c = this.#c;
    const sum = (((this.#a + b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = b ^ (b >>> 9);
    this.#b = (c + (c << 3)) | 0;
    this.#c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** In [0, 1). */
  uniform(): number {
    return this.bits() / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Mean 0, standard deviation 1 (Box and Muller); takes two draws. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log((this.bits() + 1) / 2 ** 32));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Fat tails: Student's t with so many degrees of freedom, scaled to a standard deviation of 1. */
  studentT(freedom: number): number {
    const normal = this.normal();
    const chiSquared = 2 * this.gamma(freedom / 2);
    return (normal / Math.sqrt(chiSquared / freedom)) * Math.sqrt((freedom - 2) / freedom);
  }

  /** In (0, 1). */
  beta(a: number, b: number): number {
    const first = this.gamma(a);
    return first / (first + this.gamma(b));
  }

  /** Of a shape above 1 and scale 1 (Marsaglia and Tsang 2000). */
  gamma(shape: number): number {
    const d = shape - 1 / 3;
    for (;;) {
      const normal = this.normal();
      const v = (1 + normal / Math.sqrt(9 * d)) ** 3;
      if (v <= 0) continue;
      if (Math.log(1 - this.uniform()) < (normal * normal) / 2 + d - d * v + d * Math.log(v)) return d * v;
    }
  }
}
