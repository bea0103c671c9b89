import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { ledgerName, partName } from '../core/names.ts';
import type { RunState } from '../core/state.ts';
import { readLedger } from '../store/ledger.ts';
import type { RunPaths } from '../store/paths.ts';

interface Place {
  readonly start: number;
  readonly end: number;
  readonly rows: number;
}

/** The rows of single items of a run, as they are in its parts. Made for a walk through the list; it keeps one ledger at a time. */
export class ItemRows {
  readonly #state: RunState;
  readonly #paths: RunPaths;
  readonly #format: 'csv' | 'ndjson';
  #open: { readonly commit: number; readonly part: number; readonly places: ReadonlyMap<number, Place> } | undefined;

  constructor(state: RunState, paths: RunPaths, format: 'csv' | 'ndjson') {
    this.#state = state;
    this.#paths = paths;
    this.#format = format;
  }

  /** The rows of the item at a position; `undefined` where it has not been done. Of items that have theirs together, the first has them. */
  at(position: number): { readonly bytes: Uint8Array; readonly rows: number } | undefined {
    const segment = this.#state.coverage.at(position);
    if (!segment) return undefined;
    const { part, places } = this.#opened(segment.commit);
    const { start, end, rows } = places.get(segment.from + (position - segment.start) * segment.step) ?? { start: 0, end: 0, rows: 0 };
    const bytes = Buffer.alloc(end - start);
    for (let filled = 0; filled < bytes.length;) {
      const size = readSync(part, bytes, filled, bytes.length - filled, start + filled);
      if (size === 0) break;
      filled += size;
    }
    return { bytes, rows };
  }

  close(): void {
    if (this.#open) closeSync(this.#open.part);
    this.#open = undefined;
  }

  #opened(number: number): { readonly part: number; readonly places: ReadonlyMap<number, Place> } {
    if (this.#open?.commit === number) return this.#open;
    this.close();
    const commit = this.#state.commits.get(number);
    const ledger = openSync(join(this.#paths.parts, ledgerName(commit)), 'r');
    const places = new Map<number, Place>();
    try {
      for (const line of readLedger(ledger, commit.ledgerBytes)) if (line.status === 'done') places.set(line.index, line);
    } finally {
      closeSync(ledger);
    }
    this.#open = { commit: number, part: openSync(join(this.#paths.parts, partName(commit, this.#format)), 'r'), places };
    return this.#open;
  }
}
