/**
 * The candidate that was probably meant, or `undefined` when none is near: an unambiguous beginning of one
 * (`--proc` for `processes`), or at most one slip of the finger for every three characters.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  const all = [...candidates];
  const longer = wanted.length < 3 ? [] : all.filter((candidate) => candidate.toLowerCase().startsWith(wanted));
  if (longer.length === 1) return longer[0];
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of all) {
    const apart = distance(wanted, candidate.toLowerCase());
    // A word of which nothing would be left is no slip: `p` is not `f`.
    if (apart < least && apart < Math.max(wanted.length, candidate.length)) [best, least] = [candidate, apart];
  }
  return best;
}

/** `did you mean "shards"?`, or else `choose from shards, spares`, or with many candidates and none near `undefined`. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const all = [...candidates];
  const near = nearest(word, all);
  if (near !== undefined) return `did you mean ${JSON.stringify(near)}?`;
  return all.length > 0 && all.length <= 16 ? `choose from ${all.join(', ')}` : undefined;
}

/**
 * Damerau-Levenshtein distance: the least number of characters to insert, drop, replace or swap with their neighbour
 * to get from one word to the other (no piece is edited twice). Time and memory grow with the product of the lengths.
 */
export function distance(from: string, to: string): number {
  const a = [...from];
  const b = [...to];
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        at(current, column - 1) + 1,
        at(last, column) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Infinity,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return at(last, b.length);
}

const at = (row: readonly number[], column: number): number => row[column] ?? Infinity;
