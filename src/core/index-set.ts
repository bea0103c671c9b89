import { UserError } from './errors.ts';
import { IntervalSet } from './intervals.ts';
import type { Span } from './intervals.ts';

const HINT = 'write indexes from 0 and ranges, such as 0,3,5-9';

/**
 * Reads an index set as Slurm and Kubernetes write it, `0,3,5-9` (the last one included), into sorted, disjoint,
 * half-open spans. With `count`, indexes from there on are refused. `what` names the indexes in messages.
 */
export function parseIndexSet(text: string, options: { readonly count?: number; readonly what?: string } = {}): Span[] {
  const { count, what = 'index' } = options;
  const set = new IntervalSet();
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,15})(?:-(\d{1,15}))?\s*$/.exec(part);
    if (!match)
      throw new UserError(`${JSON.stringify(part)} is not an index or a range of them (in ${JSON.stringify(text)})`, { hint: HINT });
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first) throw new UserError(`${JSON.stringify(part)} runs backwards`, { hint: `write ${last}-${first}` });
    if (count !== undefined && last >= count)
      throw new UserError(`${JSON.stringify(part)}: there is no ${what} ${last}`, { hint: range(count, what) });
    set.add(first, last + 1);
  }
  return set.spans();
}

/** Writes spans as an index set: runs of three and more as `first-last`, shorter ones index by index. */
export function formatIndexSet(spans: Iterable<Span>): string {
  return new IntervalSet(spans)
    .spans()
    .map(([start, end]) => (end - start >= 3 ? `${start}-${end - 1}` : end - start === 2 ? `${start},${start + 1}` : `${start}`))
    .join(',');
}

/** Whether a text is meant as an index set (and not as a name): digits, dashes and commas only, beginning with a digit. */
export function looksLikeIndexSet(text: string): boolean {
  return /^\d[\d,-]*$/.test(text);
}

function range(count: number, what: string): string {
  if (count === 0) return `there are none`;
  return count === 1 ? `the only ${what} is 0` : `the last ${what} is ${count - 1}`;
}
