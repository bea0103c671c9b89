import { countSpans, IntervalSet, type Span } from './intervals.ts';

/** Takes from a map what it has for positions in spans. Done at every commit: walks the positions or the map, whichever are fewer. */
export function forget(map: Map<number, unknown>, spans: readonly Span[]): void {
  if (map.size === 0) return;
  if (countSpans(spans) < map.size) {
    for (const [start, end] of spans) for (let index = start; index < end; index++) map.delete(index);
    return;
  }
  const set = new IntervalSet(spans);
  for (const index of map.keys()) if (set.has(index)) map.delete(index);
}
