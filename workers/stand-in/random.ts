/** Numbers that look random and follow from a text alone. */
import { createHash } from 'node:crypto';

/** The next number in [0, 1). */
export type Random = () => number;

/** Small Fast Counter (sfc32, of PractRand by Chris Doty-Humphrey), seeded with the SHA-256 of a text. */
export function randomFrom(seed: string): Random {
  const digest = createHash('sha256').update(seed).digest();
  let [a, b, c, counter] = [0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)) as [number, number, number, number];
  return () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}

/** Of the standard normal distribution (Box-Muller); takes two numbers. */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}
