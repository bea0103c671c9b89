/** So many values at least tell what each adds. */
const FEWEST = 6;

/**
 * What each value adds to the one before, by the best straight line through the second half of them, and no less than 0; null where there
 * are too few to tell.
 */
export function slope(values: readonly number[]): number | null {
  const late = values.slice(Math.floor(values.length / 2));
  const count = late.length;
  if (values.length < FEWEST) return null;
  const middle = (count - 1) / 2;
  let [sum, squares] = [0, 0];
  for (const [at, value] of late.entries()) {
    sum += (at - middle) * value;
    squares += (at - middle) ** 2;
  }
  return Math.max(0, sum / squares);
}
