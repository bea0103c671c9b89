import type { Segment } from './coverage.ts';
import type { AttemptId, Receipt } from './events.ts';
import { countSpans, type Span } from './intervals.ts';

/** What was committed for one attempt, as far as the merge and the totals need it. */
export interface Commit extends AttemptId {
  readonly plan: number;
  readonly spans: readonly Span[];
  readonly items: number;
  readonly rows: number;
  readonly bytes: number;
  readonly crc32: number;
  readonly layout: Receipt['layout'];
  readonly ledgerBytes: number;
  readonly ledgerCrc32: number;
}

const WIDTH = 12;
const NONE: readonly Span[] = [];

/**
 * All commits of a run, by number. A million batches are kept as numbers in one growing array (96 bytes each) instead
 * of as objects (300): the parent's memory must not grow with the work that is done (P7).
 */
export class Commits {
  #numbers = new Float64Array(WIDTH * 64);
  #count = 0;
  /** Only attempts with gaps need a list. */
  readonly #gapped = new Map<number, readonly Span[]>();
  /** Only commands that are given several items at once have groups. */
  readonly #groups = new Map<number, readonly Span[]>();

  get count(): number {
    return this.#count;
  }

  /** Adds a commit; gives its number. */
  add(plan: number, id: AttemptId, spans: readonly Span[], receipt: Receipt): number {
    const number = this.#count++;
    if (this.#count * WIDTH > this.#numbers.length) {
      const larger = new Float64Array(this.#numbers.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    const start = spans[0]?.[0] ?? 0;
    const end = spans.at(-1)?.[1] ?? start;
    if (spans.length > 1) this.#gapped.set(number, spans);
    if (receipt.groups && receipt.groups.length > 0) this.#groups.set(number, receipt.groups);
    this.#numbers.set(
      [
        plan,
        id.shard,
        id.batch,
        id.attempt,
        start,
        end,
        receipt.rows,
        receipt.bytes,
        receipt.crc32,
        receipt.layout === 'plain' ? 1 : 0,
        receipt.ledgerBytes,
        receipt.ledgerCrc32,
      ],
      number * WIDTH,
    );
    return number;
  }

  /** The items of a commit whose rows cannot be told apart, in positions of its plan. */
  readonly groupsOf = (number: number): readonly Span[] => this.#groups.get(number) ?? NONE;

  get(number: number): Commit {
    const at = (field: number): number => this.#numbers[number * WIDTH + field] ?? 0;
    const spans: readonly Span[] = this.#gapped.get(number) ?? (at(4) < at(5) ? [[at(4), at(5)]] : []);
    return {
      plan: at(0),
      shard: at(1),
      batch: at(2),
      attempt: at(3),
      spans,
      items: countSpans(spans),
      rows: at(6),
      bytes: at(7),
      crc32: at(8),
      layout: at(9) === 1 ? 'plain' : 'scattered',
      ledgerBytes: at(10),
      ledgerCrc32: at(11),
    };
  }
}

/** Rows of some segments; where a commit covers more than these, its rows are taken as evenly spread. */
export function estimateRows(segments: Iterable<Segment>, commits: Commits): number {
  let rows = 0;
  for (const segment of segments) {
    const commit = commits.get(segment.commit);
    rows += Math.round((commit.rows * (segment.end - segment.start)) / Math.max(1, commit.items));
  }
  return rows;
}
