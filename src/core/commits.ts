import type { Artifact } from './artifact.ts';
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

/** Commits of a page; fields of a commit that fit into 32 bits, and that do not. */
const PAGE = 1024;
const NARROW = 6;
const WIDE = 5;

interface Page {
  readonly narrow: Uint32Array;
  readonly wide: Float64Array;
}
const NONE: readonly Span[] = [];
const NOTHING_MADE: readonly Artifact[] = [];

/**
 * All commits of a run, by number. A million batches are kept as numbers (64 bytes each) instead of as objects (300), in pages, as
 * a larger array would be there beside the old one: the parent's memory must hardly grow with the work that is done (P7).
 */
export class Commits {
  readonly #pages: Page[] = [];
  #count = 0;
  /** Only attempts with gaps need a list. */
  readonly #gapped = new Map<number, readonly Span[]>();
  /** Only commands that are given several items at once have groups. */
  readonly #groups = new Map<number, readonly Span[]>();
  /** Only items that make files of their own have artifacts. */
  readonly #artifacts = new Map<number, readonly Artifact[]>();

  get count(): number {
    return this.#count;
  }

  /** Adds a commit; gives its number. */
  add(plan: number, { shard, batch, attempt }: AttemptId, spans: readonly Span[], receipt: Receipt): number {
    const number = this.#count++;
    const { narrow, wide } = (this.#pages[Math.floor(number / PAGE)] ??= {
      narrow: new Uint32Array(PAGE * NARROW),
      wide: new Float64Array(PAGE * WIDE),
    });
    const { rows, bytes, crc32, layout, ledgerBytes, ledgerCrc32 } = receipt;
    const start = spans[0]?.[0] ?? 0;
    const end = spans.at(-1)?.[1] ?? start;
    if (spans.length > 1) this.#gapped.set(number, spans);
    if (receipt.groups && receipt.groups.length > 0) this.#groups.set(number, receipt.groups);
    if (receipt.artifacts && receipt.artifacts.length > 0) this.#artifacts.set(number, receipt.artifacts);
    narrow.set([2 * plan + (layout === 'plain' ? 1 : 0), shard, batch, attempt, crc32, ledgerCrc32], (number % PAGE) * NARROW);
    wide.set([start, end, rows, bytes, ledgerBytes], (number % PAGE) * WIDE);
    return number;
  }

  /** The items of a commit whose rows cannot be told apart, in positions of its plan. */
  readonly groupsOf = (number: number): readonly Span[] => this.#groups.get(number) ?? NONE;

  get hasArtifacts(): boolean {
    return this.#artifacts.size > 0;
  }

  /** The artifacts of a commit, in positions of its plan. */
  artifactsOf(number: number): readonly Artifact[] {
    return this.#artifacts.get(number) ?? NOTHING_MADE;
  }

  /** All commits with artifacts. */
  get withArtifacts(): Iterable<readonly [commit: number, artifacts: readonly Artifact[]]> {
    return this.#artifacts;
  }

  get(number: number): Commit {
    const page = this.#pages[Math.floor(number / PAGE)];
    const narrow = (field: number): number => page?.narrow[(number % PAGE) * NARROW + field] ?? 0;
    const wide = (field: number): number => page?.wide[(number % PAGE) * WIDE + field] ?? 0;
    const spans: readonly Span[] = this.#gapped.get(number) ?? (wide(0) < wide(1) ? [[wide(0), wide(1)]] : []);
    return {
      plan: narrow(0) >> 1,
      shard: narrow(1),
      batch: narrow(2),
      attempt: narrow(3),
      spans,
      items: countSpans(spans),
      rows: wide(2),
      bytes: wide(3),
      crc32: narrow(4),
      layout: narrow(0) % 2 === 1 ? 'plain' : 'scattered',
      ledgerBytes: wide(4),
      ledgerCrc32: narrow(5),
    };
  }
}

/** Rows of what segments cover; where a commit covers more than these, its rows are taken as evenly spread. */
export function rowsOf(segments: Iterable<Segment>, commits: Commits): number {
  let rows = 0;
  for (const segment of segments) {
    const commit = commits.get(segment.commit);
    rows += Math.round((commit.rows * (segment.end - segment.start)) / Math.max(1, commit.items));
  }
  return rows;
}
