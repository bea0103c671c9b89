import { type Commits, rowsOf } from './commits.ts';
import type { Coverage, Segment } from './coverage.ts';
import type { Span } from './intervals.ts';

/** By number of a commit: positions, of the plan it was made under, whose rows cannot be told apart. */
export type GroupsOf = (commit: number) => readonly Span[];

/**
 * A command that is given several items at once makes rows that belong to all of them together. Such a group counts as long as its
 * positions still follow one another in their order. This gives the covered positions of groups of which something is missing or moved.
 */
function torn(coverage: Coverage, groupsOf: GroupsOf, start = 0, end = Infinity): Span[] {
  const found: Span[] = [];
  for (const run of runs(coverage.within(start, end))) {
    for (const [first, last] of groupsOf(run.commit)) {
      const [low, high] = [Math.max(first, run.low), Math.min(last, run.high)];
      if (low >= high || (run.step === 1 && low === first && high === last)) continue;
      found.push(
        run.step === 1
          ? [run.start + low - run.low, run.start + high - run.low]
          : [run.start + run.high - high, run.start + run.high - low],
      );
    }
  }
  return found;
}

/** Rows that belong to several items are of no use once one of these is gone or elsewhere. */
export function dropTorn(coverage: Coverage, groupsOf: GroupsOf, start?: number, end?: number): Span[] {
  const spans = torn(coverage, groupsOf, start, end);
  for (const [from, to] of spans) coverage.remove(from, to);
  return spans;
}

/** Gives positions to another commit: the rows (estimated) that are lost by it, and the `rest` of groups it has replaced in part. */
export function replace(coverage: Coverage, commits: Commits, segment: Segment): { rows: number; rest: readonly Span[] } {
  const { groupsOf } = commits;
  const wide = widened([[segment.start, segment.end]], coverage, groupsOf);
  const [low, high] = [Math.min(...wide.map(([start]) => start)), Math.max(...wide.map(([, end]) => end))];
  const before = rowsOf(coverage.within(low, high), commits);
  coverage.assign(segment);
  const rest = wide.length > 1 ? dropTorn(coverage, groupsOf, low, high) : [];
  const after = rowsOf(coverage.within(low, high), commits);
  return { rows: before - after + rowsOf([segment], commits), rest };
}

/** These positions, and all others of the groups that they belong to. */
export function widened(spans: Iterable<Span>, coverage: Coverage, groupsOf: GroupsOf): Span[] {
  const wide: Span[] = [];
  for (const [start, end] of spans) {
    wide.push([start, end]);
    for (const { commit, start: at, end: to, from, step } of coverage.within(start, end)) {
      // A group that counts is in order, and lies around any of its positions as it did in its own plan.
      if (step !== 1) continue;
      for (const [first, last] of groupsOf(commit)) {
        if (first < from + to - at && last > from) wide.push([at + first - from, at + last - from]);
      }
    }
  }
  return wide;
}

/** Neighbours in the list that are neighbours in their commit, too. `low` to `high`: their positions there. */
interface Run {
  readonly commit: number;
  readonly start: number;
  readonly low: number;
  high: number;
  step: 1 | -1;
}

function* runs(segments: Iterable<Segment>): Generator<Run> {
  let run: Run | undefined;
  for (const { start, end, commit, from, step: direction } of segments) {
    const length = end - start;
    const step = length === 1 ? 1 : direction;
    if (run?.step === 1 && step === 1 && run.commit === commit && run.high === from && run.start + run.high - run.low === start) {
      run.high += length;
      continue;
    }
    if (run) yield run;
    const low = step === 1 ? from : from - length + 1;
    run = { commit, start, low, high: low + length, step };
  }
  if (run) yield run;
}
