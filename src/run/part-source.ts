import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { UserError } from '../core/errors.ts';
import { ledgerName, partName } from '../core/names.ts';
import type { Piece } from '../core/pieces.ts';
import { readLedger } from '../store/ledger.ts';

/** What fits into a core's cache with room to spare: with 1 MiB, reading and writing took three to five times the CPU. */
const CHUNK = 1 << 18;
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

type Whole = NonNullable<Piece['whole']>;

interface ItemSpan {
  readonly position: number;
  readonly start: number;
  readonly end: number;
  readonly crc: number;
  readonly rows: number;
}

/**
 * The rows of a run in item order, out of its parts, verified on the way: a part that is committed as a whole against the checksum in
 * the journal, single items of it against their ledger line. Constant memory.
 */
export class PartSource {
  readonly #folder: string;
  readonly #format: 'csv' | 'ndjson';
  readonly #rerun: (shard: number) => string;
  /** The shard, in the current plan, of what is being read. */
  #home = 0;
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  readonly #indexes = new Map<number, Index>();
  #keptLines = 0;
  /** The part that was read last. */
  #open: { readonly commit: number; readonly descriptor: number; readonly file: string } | undefined;
  /** Parts that rows were taken from. */
  readonly used = new Set<number>();

  /** `rerun`: the command that does a shard again. */
  constructor(options: { parts: string; format: 'csv' | 'ndjson'; rerun: (shard: number) => string }) {
    this.#folder = options.parts;
    this.#format = options.format;
    this.#rerun = options.rerun;
  }

  /** Hands over all rows of these pieces; gives their number. */
  async read(pieces: Iterable<Piece>, take: Take): Promise<number> {
    let rows = 0;
    for (const piece of pieces) {
      this.#home = piece.home;
      this.used.add(piece.commit);
      rows += piece.whole ? await this.#copyWhole(piece, piece.whole, take) : await this.#copyItems(piece, take);
    }
    return rows;
  }

  close(): void {
    if (this.#open) closeSync(this.#open.descriptor);
    this.#open = undefined;
  }

  async #copyWhole(piece: Piece, { rows, bytes: all, crc32: wanted }: Whole, take: Take): Promise<number> {
    const { descriptor, file } = this.#part(piece);
    let crc = 0;
    for (let at = 0; at < all;) {
      const size = readSync(descriptor, this.#buffer, 0, Math.min(CHUNK, all - at), at);
      if (size === 0) throw this.#damaged(file, `it ends at byte ${at} of ${all}`);
      const bytes = this.#buffer.subarray(0, size);
      crc = crc32(bytes, crc);
      const taken = take(bytes);
      if (taken) await taken;
      at += size;
    }
    if (crc !== wanted) throw this.#damaged(file, 'its checksum is not the one in the journal');
    return rows;
  }

  async #copyItems(piece: Piece, take: Take): Promise<number> {
    const { descriptor, file } = this.#part(piece);
    let rows = 0;
    let filled = 0;
    for (const { position, start, end, crc, rows: itemRows } of this.#spans(piece, file)) {
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

  /** How many rows each item of a piece has, in their order: those of several that were made together are with the first. */
  *itemsOf(piece: Piece): Generator<{ readonly position: number; readonly rows: number }> {
    this.#home = piece.home;
    let position = piece.start;
    for (const { rows } of this.#spans(piece, join(this.#folder, ledgerName(piece.part)))) yield { position: position++, rows };
  }

  /** Where the rows of a piece's items are in the part; `position` is theirs in the ledger. */
  *#spans(piece: Piece, file: string): Generator<ItemSpan> {
    const { positions, spans } = this.#index(piece);
    let at = -1;
    for (let offset = 0; offset < piece.end - piece.start; offset++) {
      const position = piece.from + offset * piece.step;
      at = positions[at + piece.step] === position ? at + piece.step : find(positions, position);
      if (at < 0) throw this.#damaged(file, `its ledger has no item ${position}, which the journal counts as done`);
      const [start = 0, end = 0, crc = 0, rows = 0] = spans.subarray(at * 4, at * 4 + 4);
      yield { position, start, end, crc, rows };
    }
  }

  #part({ commit, part }: Piece): { readonly descriptor: number; readonly file: string } {
    if (this.#open?.commit === commit) return this.#open;
    this.close();
    const file = join(this.#folder, partName(part, this.#format));
    this.#open = { commit, file, descriptor: this.#openOrRefuse(file) };
    return this.#open;
  }

  #index({ commit: number, part, ledgerBytes }: Piece): Index {
    const known = this.#indexes.get(number);
    if (known) return known;
    const file = join(this.#folder, ledgerName(part));
    const descriptor = this.#openOrRefuse(file);
    let index: Index;
    try {
      index = readIndex(descriptor, ledgerBytes);
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
      hint: `something else has changed this file; \`${this.#rerun(this.#home)}\` does its shard again`,
    });
  }
}

/** Reads what was committed of a ledger; lines behind that never counted. */
function readIndex(descriptor: number, bytes: number): Index {
  let numbers = new Float64Array(5 * 1024);
  let count = 0;
  let sorted = true;
  for (const line of readLedger(descriptor, bytes)) {
    if (line.status !== 'done') continue;
    if (count > 0 && line.index <= (numbers[(count - 1) * 5] ?? 0)) sorted = false;
    numbers = put(numbers, [line.index, line.start, line.end, line.crc32, line.rows], count++);
    // The first of several that have their rows together stands for all of them.
    for (let more = 1; more < (line.items ?? 1); more++) numbers = put(numbers, [line.index + more, line.end, line.end, 0, 0], count++);
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

/** Sets the five numbers of entry `at`, in a larger array where that is needed. */
function put(numbers: Float64Array<ArrayBuffer>, entry: readonly number[], at: number): Float64Array<ArrayBuffer> {
  let room = numbers;
  if ((at + 1) * 5 > numbers.length) {
    room = new Float64Array(numbers.length * 2);
    room.set(numbers);
  }
  room.set(entry, at * 5);
  return room;
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
