// Work that keeps a CPU busy for a time that was measured beforehand, and has a result that depends on all of it.
export function spin(iterations, seed) {
  let value = (seed | 0) + 1;
  for (let n = 0; n < iterations; n++) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  return value;
}

/** How much work an item is: with skew, each of the last tenth is ten times as much. */
export function iterationsOf(index, { count, iterations, skewed }) {
  return skewed && index >= count * 0.9 ? iterations * 10 : iterations;
}

/** What all contestants are told, by their environment. */
export const job = {
  count: Number(process.env.BENCH_COUNT),
  iterations: Number(process.env.BENCH_ITERATIONS),
  skewed: process.env.BENCH_SKEWED === '1',
};
