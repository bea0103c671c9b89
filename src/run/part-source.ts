import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Commit } from '../core/commits.ts';
import type { Segment } from '../core/coverage.ts';
import { UserError } from '../core/errors.ts';
import { ledgerName, partName } from '../core/names.ts';
import type { RunState } from '../core/state.ts';
import { readLedger } from '../store/ledger.ts';

const CHUNK = 1 << 20;
/** Lines of ledgers kept in memory at a time; 40 bytes each. */
const KEPT_LINES = 250_000;

/** Takes a piece of rows; the bytes belong to the caller again when it has returned or resolved. */
export type Take = (chunk: Uint8Array) => void | Promise<void>;

/** A ledger's finished items, by position: where their rows are in the part. */
interface Index {
  readonly positions: Float64Array;
  /** Four numbers each: start, end, crc32, rows. */
  readonly spans: Float64Array;
}

/**
 * The rows of a run in item order, out of its parts, verified on the way: a part that is committed as a whole against the checksum in
 * the journal, single items of it against their ledger line. Constant memory.
 */
export class PartSource {
  readonly #state: RunState;
  readonly #folder: string;
  readonly #format: 'csv' | 'ndjson';
  readonly #rerun: (shard: number) => string;
  /** The shard, in the current plan, of what is being read. */
  #shard = 0;
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  readonly #indexes = new Map<number, Index>();
  #keptLines = 0;
  /** The part that was read last. */
  #open: { readonly commit: number; readonly descriptor: number; readonly file: string } | undefined;
  /** Parts that rows were taken from. */
  readonly used = new Set<number>();

  /** `rerun`: the command that does a shard again. */
  constructor(options: { state: RunState; parts: string; format: 'csv' | 'ndjson'; rerun: (shard: number) => string }) {
    this.#state = options.state;
    this.#folder = options.parts;
    this.#format = options.format;
    this.#rerun = options.rerun;
  }

  /** Hands over all rows; gives their number. */
  async read(take: Take): Promise<number> {
    let rows = 0;
    for (const segment of this.#state.coverage.within(0, Infinity)) {
      const commit = this.#state.commits.get(segment.commit);
      this.#shard = this.#state.shardOf(segment.start);
      this.used.add(segment.commit);
      rows += isWhole(segment, commit) ? await this.#copyWhole(segment.commit, commit, take) : await this.#copyItems(segment, commit, take);
    }
    return rows;
  }

  close(): void {
    if (this.#open) closeSync(this.#open.descriptor);
    this.#open = undefined;
  }

  async #copyWhole(number: number, commit: Commit, take: Take): Promise<number> {
    const { descriptor, file } = this.#part(number, commit);
    let crc = 0;
    for (let at = 0; at < commit.bytes;) {
      const size = readSync(descriptor, this.#buffer, 0, Math.min(CHUNK, commit.bytes - at), at);
      if (size === 0) throw this.#damaged(file, `it ends at byte ${at} of ${commit.bytes}`);
      const bytes = this.#buffer.subarray(0, size);
      crc = crc32(bytes, crc);
      const taken = take(bytes);
      if (taken) await taken;
      at += size;
    }
    if (crc !== commit.crc32) throw this.#damaged(file, 'its checksum is not the one in the journal');
    return commit.rows;
  }

  async #copyItems(segment: Segment, commit: Commit, take: Take): Promise<number> {
    const { descriptor, file } = this.#part(segment.commit, commit);
    const { positions, spans } = this.#index(segment.commit, commit);
    let rows = 0;
    let filled = 0;
    let at = -1;
    for (let offset = 0; offset < segment.end - segment.start; offset++) {
      const position = segment.from + offset * segment.step;
      at = positions[at + segment.step] === position ? at + segment.step : find(positions, position);
      if (at < 0) throw this.#damaged(file, `its ledger has no item ${position}, which the journal counts as done`);
      const [start = 0, end = 0, crc = 0, itemRows = 0] = spans.subarray(at * 4, at * 4 + 4);
      rows += itemRows;
      let found = 0;
      for (let from = start; from < end;) {
        if (filled === CHUNK) {
          await take(this.#buffer.subarray(0, filled));
          filled = 0;
        }
        const size = readSync(descriptor, this.#buffer, filled, Math.min(CHUNK - filled, end - from), from);
        if (size === 0) throw this.#damaged(file, `it ends within the rows of item ${position}`);
        found = crc32(this.#buffer.subarray(filled, filled + size), found);
        filled += size;
        from += size;
      }
      if (found !== crc) throw this.#damaged(file, `the rows of item ${position} do not have the checksum in its ledger`);
    }
    if (filled > 0) await take(this.#buffer.subarray(0, filled));
    return rows;
  }

  #part(number: number, commit: Commit): { readonly descriptor: number; readonly file: string } {
    if (this.#open?.commit === number) return this.#open;
    this.close();
    const file = join(this.#folder, partName(commit, this.#format));
    this.#open = { commit: number, file, descriptor: this.#openOrRefuse(file) };
    return this.#open;
  }

  #index(number: number, commit: Commit): Index {
    const known = this.#indexes.get(number);
    if (known) return known;
    const file = join(this.#folder, ledgerName(commit));
    const descriptor = this.#openOrRefuse(file);
    let index: Index;
    try {
      index = readIndex(descriptor, commit.ledgerBytes);
    } finally {
      closeSync(descriptor);
    }
    this.#keptLines += index.positions.length;
    for (const [old, { positions }] of this.#indexes) {
      if (this.#keptLines <= KEPT_LINES) break;
      this.#indexes.delete(old);
      this.#keptLines -= positions.length;
    }
    this.#indexes.set(number, index);
    return index;
  }

  #openOrRefuse(file: string): number {
    try {
      return openSync(file, 'r');
    } catch (error) {
      throw this.#damaged(file, error instanceof Error ? error.message : String(error));
    }
  }

  #damaged(file: string, what: string): UserError {
    return new UserError(`the parts do not verify: ${what}`, {
      exitCode: 4,
      place: { file },
      hint: `something else has changed this file; \`${this.#rerun(this.#shard)}\` does its shard again`,
    });
  }
}

/** True when a segment is all that its commit has, as one run of bytes. */
function isWhole(segment: Segment, commit: Commit): boolean {
  const [span] = commit.spans;
  if (commit.layout !== 'plain' || commit.spans.length !== 1 || span === undefined) return false;
  return (segment.step === 1 || span[1] - span[0] === 1) && segment.from === span[0] && segment.end - segment.start === span[1] - span[0];
}

/** Reads what was committed of a ledger; lines behind that never counted. */
function readIndex(descriptor: number, bytes: number): Index {
  let numbers = new Float64Array(5 * 1024);
  let count = 0;
  let sorted = true;
  for (const line of readLedger(descriptor, bytes)) {
    if (line.status !== 'done') continue;
    if ((count + 1) * 5 > numbers.length) {
      const larger = new Float64Array(numbers.length * 2);
      larger.set(numbers);
      numbers = larger;
    }
    if (count > 0 && line.index <= (numbers[(count - 1) * 5] ?? 0)) sorted = false;
    numbers.set([line.index, line.start, line.end, line.crc32, line.rows], count++ * 5);
  }
  const order = Uint32Array.from({ length: count }, (_, n) => n);
  if (!sorted) order.sort((a, b) => (numbers[a * 5] ?? 0) - (numbers[b * 5] ?? 0));
  const positions = new Float64Array(count);
  const spans = new Float64Array(count * 4);
  for (const [to, at] of order.entries()) {
    positions[to] = numbers[at * 5] ?? 0;
    spans.set(numbers.subarray(at * 5 + 1, at * 5 + 5), to * 4);
  }
  return { positions, spans };
}

function find(positions: Float64Array, position: number): number {
  let low = 0;
  let high = positions.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = positions[middle] ?? Infinity;
    if (found === position) return middle;
    if (found < position) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
