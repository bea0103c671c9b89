import type { PartFormat } from '../core/part-format.ts';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { UserError } from '../core/errors.ts';
import { ledgerName, partName } from '../core/names.ts';
import type { Piece } from '../core/pieces.ts';
import { find, type Index, readIndex } from './ledger-index.ts';

/** What fits into a core's cache with room to spare: with 1 MiB, reading and writing took twice the CPU, on a busy machine three to five times. */
const CHUNK = 1 << 18;
/** Lines of ledgers kept in memory at a time; 40 bytes each. */
const KEPT_LINES = 250_000;

/** Takes a piece of rows; the bytes belong to the caller again when it has returned or resolved. */
export type Take = (chunk: Uint8Array) => void | Promise<void>;

/** Where a file is in a part. */
export interface FilePlace {
  readonly descriptor: number;
  readonly start: number;
  readonly end: number;
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
  readonly #format: PartFormat;
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
  constructor(options: { parts: string; format: PartFormat; rerun: (shard: number) => string }) {
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

  /**
   * The same for parts whose items have files as their rows: `open` is told where the next one is and takes its bytes; what it does with
   * them counts once all are read, as only then they are verified.
   */
  async readFiles(pieces: Iterable<Piece>, open: (place: FilePlace) => Promise<Take>): Promise<number> {
    let rows = 0;
    for (const piece of pieces) {
      this.#home = piece.home;
      this.used.add(piece.commit);
      const { descriptor, file } = this.#part(piece);
      for (const { position, start, end, crc, rows: itemRows } of this.#spans(piece, file)) {
        if (start === end) continue;
        const take = await open({ descriptor, start, end }).catch((error: unknown) => {
          throw error instanceof UserError ? error : this.#damaged(file, `the rows of item ${position} cannot be read: ${String(error)}`);
        });
        rows += itemRows;
        let found = 0;
        for (let at = start; at < end;) {
          const size = readSync(descriptor, this.#buffer, 0, Math.min(CHUNK, end - at), at);
          if (size === 0) throw this.#damaged(file, `it ends within the rows of item ${position}`);
          const bytes = this.#buffer.subarray(0, size);
          found = crc32(bytes, found);
          at += size;
          await take(bytes);
        }
        if (found !== crc) throw this.#damaged(file, `the rows of item ${position} do not have the checksum in its ledger`);
      }
    }
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
