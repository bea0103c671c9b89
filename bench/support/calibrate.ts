import { spin } from '../peers/work.mjs';

/** How many iterations of the busy loop take so many milliseconds here; from the quickest of several tries, so that noise does not make items shorter. */
export function calibrate(milliseconds: number): number {
  const iterations = 1_000_000;
  let best = Infinity;
  for (let n = 0; n < 30; n++) {
    const before = performance.now();
    if (spin(iterations, n) === 0.5) throw new Error('never; the result must be used, or the loop is optimized away');
    best = Math.min(best, performance.now() - before);
  }
  return Math.round((iterations * milliseconds) / best);
}
