import type { Span } from './intervals.ts';

/** What is left of spans within `[from, to)`, in order, and how many positions that is. */
export function restOf(spans: readonly Span[], from: number, to: number): { readonly rest: readonly Span[]; readonly count: number } {
  const rest = spans.flatMap(([start, end]): Span[] => {
    const [low, high] = [Math.max(start, from), Math.min(end, to)];
    return low < high ? [[low, high]] : [];
  });
  return { rest, count: rest.reduce((sum, [start, end]) => sum + end - start, 0) };
}

/** Everything of these spans behind their first `keep` positions. */
export function behind(spans: readonly Span[], keep: number): Span[] {
  let left = keep;
  return spans.flatMap(([start, end]): Span[] => {
    const from = Math.min(end, start + left);
    left -= from - start;
    return from < end ? [[from, end]] : [];
  });
}
