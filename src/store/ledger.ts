import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { Artifact, Made } from '../core/artifact.ts';
import type { PartTotals } from '../core/events.ts';
import { IntervalSet, type Span } from '../core/intervals.ts';
import { areStaged } from './staged.ts';

const CHUNK = 1 << 20;

/** A finished item of a ledger: `[start, end)` are bytes of the part. */
interface DoneLine {
  readonly index: number;
  readonly key: string;
  readonly status: 'done';
  readonly start: number;
  readonly end: number;
  readonly rows: number;
  readonly ms: number;
  readonly crc32: number;
  /** So many items, from `index` on, have these rows together. Absent: one. */
  readonly items?: number;
  /** Files of its own that the item has made. */
  readonly artifacts?: readonly Made[];
}

interface NoteLine {
  readonly index: number;
  readonly key: string;
  readonly status: 'started' | 'tried' | 'failed';
  readonly at?: number;
  readonly cause?: string;
  readonly message?: string;
  readonly tries?: number;
}

export type LedgerLine = DoneLine | NoteLine | { readonly status: 'marked' | 'unmarked' };

/** The lines of a file's first `limit` bytes as text, without their newline; a last line without one is left out. */
function* readLines(descriptor: number, limit = Infinity): Generator<string> {
  const chunk = Buffer.allocUnsafe(CHUNK);
  let rest: Buffer = Buffer.alloc(0);
  let position = 0;
  for (;;) {
    const size = readSync(descriptor, chunk, 0, Math.min(CHUNK, limit - position), position);
    if (size === 0) return;
    position += size;
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(0, size)]) : chunk.subarray(0, size);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      yield bytes.toString('utf8', start, end);
      start = end + 1;
    }
    rest = Buffer.from(bytes.subarray(start));
  }
}

/** The lines of a ledger's first `limit` bytes (default: all), up to the first that is not one. */
export function* readLedger(descriptor: number, limit?: number): Generator<LedgerLine> {
  for (const text of readLines(descriptor, limit)) {
    const line = parse(text);
    if (!line) return;
    yield line;
  }
}

/** What can be kept of an attempt whose child died: the items whose ledger lines and rows agree. */
export interface Salvage extends PartTotals {
  readonly spans: readonly Span[];
  readonly itemMs: number;
  readonly failed: readonly NoteLine[];
  readonly artifacts?: readonly Artifact[];
  /** Items that had started and not finished. */
  readonly inFlight: readonly { readonly index: number; readonly key: string; readonly at: number | undefined }[];
  /** False when the child did not write down every start, so that others may have been in flight. */
  readonly exact: boolean;
}

const nothing: Salvage = {
  spans: [],
  items: 0,
  rows: 0,
  bytes: 0,
  crc32: 0,
  layout: 'plain',
  ledgerLines: 0,
  ledgerBytes: 0,
  ledgerCrc32: 0,
  itemMs: 0,
  failed: [],
  inFlight: [],
  exact: false,
};

/** The files of an attempt; `staged`: the folder of what its items have made beside their rows, where they may. */
export interface AttemptFiles {
  readonly part: string;
  readonly ledger: string;
  readonly staged?: string;
}

/** Reads a ledger and checks every finished item against the part and its artifacts, up to the first that does not agree. */
export function salvage({ part, ledger, staged }: AttemptFiles): Salvage {
  // After a power cut the folder may have the name of one of them only.
  const [partFile, ledgerFile] = [openIfThere(part), openIfThere(ledger)];
  try {
    return partFile === undefined || ledgerFile === undefined ? nothing : new Salvager(partFile, staged).read(ledgerFile);
  } finally {
    for (const file of [partFile, ledgerFile]) if (file !== undefined) closeSync(file);
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

class Salvager {
  readonly #part: number;
  readonly #partBytes: number;
  readonly #staged: string | undefined;
  readonly #done = new IntervalSet();
  readonly #failed: NoteLine[] = [];
  readonly #inFlight = new Map<number, { index: number; key: string; at: number | undefined }>();
  #buffer = Buffer.allocUnsafe(1 << 16);

  constructor(part: number, staged: string | undefined) {
    this.#part = part;
    this.#staged = staged;
    this.#partBytes = fstatSync(part).size;
  }

  read(ledger: number): Salvage {
    let [rows, bytes, crc, lines, ledgerBytes, ledgerCrc, itemMs, lastIndex] = [0, 0, 0, 0, 0, 0, 0, -1];
    const groups: Span[] = [];
    const artifacts: Artifact[] = [];
    let plain = true;
    let exact = true;
    for (const text of readLines(ledger)) {
      const line = parse(text);
      if (!line) break;
      if (line.status === 'done') {
        const span = this.#verified(line, crc);
        if (span === undefined) break;
        crc = span;
        if (line.index <= lastIndex || line.start !== bytes) plain = false;
        const items = line.items ?? 1;
        for (const made of line.artifacts ?? []) artifacts.push({ index: line.index, key: line.key, ...made });
        lastIndex = line.index + items - 1;
        if (items > 1) groups.push([line.index, line.index + items]);
        rows += line.rows;
        bytes += line.end - line.start;
        itemMs += line.ms;
        this.#done.add(line.index, line.index + items);
        for (let index = line.index; index <= lastIndex; index++) this.#inFlight.delete(index);
      } else if ('index' in line) {
        if (line.status === 'started') this.#inFlight.set(line.index, { index: line.index, key: line.key, at: line.at });
        else this.#inFlight.delete(line.index);
        if (line.status === 'failed') this.#failed.push(line);
      } else exact = line.status === 'marked';
      const raw = Buffer.from(`${text}\n`);
      lines++;
      ledgerBytes += raw.length;
      ledgerCrc = crc32(raw, ledgerCrc);
    }
    return {
      spans: this.#done.spans(),
      items: this.#done.size,
      rows,
      bytes,
      crc32: crc,
      layout: plain ? 'plain' : 'scattered',
      ledgerLines: lines,
      ledgerBytes,
      ledgerCrc32: ledgerCrc,
      itemMs,
      failed: this.#failed,
      ...(artifacts.length > 0 ? { artifacts } : {}),
      inFlight: [...this.#inFlight.values()],
      exact,
      ...(groups.length > 0 ? { groups } : {}),
    };
  }

  /** The running checksum with this item's rows, if they are as the line says. */
  #verified(line: DoneLine, running: number): number | undefined {
    if (!(line.start >= 0 && line.end >= line.start && line.end <= this.#partBytes)) return undefined;
    if (line.artifacts && !areStaged(this.#staged, line.index, line.artifacts)) return undefined;
    let own = 0;
    let all = running;
    for (let at = line.start; at < line.end;) {
      const size = readSync(this.#part, this.#buffer, 0, Math.min(this.#buffer.length, line.end - at), at);
      if (size === 0) return undefined;
      const bytes = this.#buffer.subarray(0, size);
      own = crc32(bytes, own);
      all = crc32(bytes, all);
      at += size;
    }
    return own === line.crc32 ? all : undefined;
  }
}

function parse(text: string): LedgerLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    // Written by our child; what it claims about bytes is checked against the part by whoever uses it.
    return typeof line === 'object' && line !== null && 'status' in line ? (line as LedgerLine) : undefined;
  } catch {
    return undefined;
  }
}
