import type { Commit } from './commits.ts';
import type { Segment } from './coverage.ts';
import type { AttemptId } from './events.ts';
import type { RunState } from './state.ts';

/** What a commit has for neighbours in the list: everything that a reader of the part needs to know. A plain object: it may be sent to a thread. */
export interface Piece extends Segment {
  /** Names the part. */
  readonly part: AttemptId;
  /** The shard of the first position, in the current plan: what is to be done again where the part is damaged. */
  readonly home: number;
  readonly ledgerBytes: number;
  /** There where the piece is all that the part has, as one run of bytes: what the journal says of it. */
  readonly whole?: { readonly rows: number; readonly bytes: number; readonly crc32: number };
}

type Merged = Pick<RunState, 'coverage' | 'commits' | 'shardOf'>;

/** What has the rows of the positions `[start, end)`, in their order. */
export function* piecesOf(state: Merged, start = 0, end = Infinity): Generator<Piece> {
  for (const segment of state.coverage.within(start, end)) {
    const commit = state.commits.get(segment.commit);
    const { shard, batch, attempt, rows, bytes, crc32, ledgerBytes } = commit;
    const piece = { ...segment, part: { shard, batch, attempt }, home: state.shardOf(segment.start), ledgerBytes };
    yield isWhole(segment, commit) ? { ...piece, whole: { rows, bytes, crc32 } } : piece;
  }
}

function isWhole(segment: Segment, commit: Commit): boolean {
  const [span] = commit.spans;
  if (commit.layout !== 'plain' || commit.spans.length !== 1 || span === undefined) return false;
  return (segment.step === 1 || span[1] - span[0] === 1) && segment.from === span[0] && segment.end - segment.start === span[1] - span[0];
}
