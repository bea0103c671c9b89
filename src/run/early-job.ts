import type { Piece } from '../core/pieces.ts';
import type { Digest } from '../formats/sink.ts';
import type { OutputKind } from '../formats/output.ts';

/** What a thread is given that merges while the run goes on. */
export interface EarlyJob extends OutputKind {
  readonly parts: string;
  readonly from: 'csv' | 'ndjson';
  /** The name to write under. */
  readonly file: string;
  /** Left out where CSV is made of rows that declare none: then those of the first rows are taken, and the thread gives up where others come. */
  readonly columns: readonly string[] | undefined;
}

/** What it is told. Pieces come in item order; one message at a time is under way. */
export type ToThread = { readonly type: 'pieces'; readonly pieces: readonly Piece[] } | { readonly type: 'finish' };

/** What it has written. `columns`: those of a CSV. */
export interface EarlyOutput extends Digest {
  readonly rows: number;
  readonly parts: number;
  readonly columns: readonly string[] | null;
}

/** What it answers: to each message one. After `failed` and `finished` there are no more. */
export type FromThread =
  | { readonly type: 'written' }
  | { readonly type: 'finished'; readonly output: EarlyOutput }
  /** Whatever it was, the merge at the end starts anew and meets it again, or not. */
  | { readonly type: 'failed'; readonly message: string };
