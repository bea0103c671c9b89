import { closeSync, fsyncSync, openSync } from 'node:fs';
import type { PartTotals } from '../core/events.ts';
import { crc32 } from './crc.ts';
import { writeAll } from './files.ts';
import { putInteger, putStamp, putText, stampOf } from './put.ts';

/** What fits into a core's cache: with 1 MiB the kernel takes twice as long to copy it. */
const BUFFER = 1 << 18;
const LINES = 1 << 16;
/** What a ledger line takes beside its key. */
const FRAME = 256;

/**
 * Writes one attempt's part and ledger, in the child. Rows are written before the ledger line that says they are there,
 * so that a ledger line can always be believed as far as the part's bytes agree with its checksum. A failed item's
 * bytes may stay in the part; no ledger line points at them.
 *
 * Ledger lines: `{"index","key","status":"started"}`, `{…,"status":"tried",…}`, `{…,"status":"failed",…}`,
 * `{"index","key","status":"done","start","end","rows","ms","crc32"}` (with `artifacts` where it has any), and `{"status":"unmarked"}` / `{"status":"marked"}`
 * where the child stops or begins again to write down every start.
 */
export class PartWriter {
  readonly #part: number;
  readonly #ledger: number;
  #buffer = Buffer.allocUnsafe(BUFFER);
  /** Bytes in the buffer, and of these the ones of finished items. */
  #filled = 0;
  #counted = 0;
  /** Bytes written to the file. */
  #written = 0;
  #lines = Buffer.allocUnsafe(LINES);
  #view = viewOf(this.#lines);
  #lined = 0;
  #lineCount = 0;
  // The open item: where it starts in the file, and what of it had to be written before it was finished.
  #start = 0;
  #spilled = 0;
  #spilledCrc = 0;
  #spilledPartCrc = 0;
  #items = 0;
  #rows = 0;
  #bytes = 0;
  #partCrc = 0;
  #plain = true;
  #lastIndex = -1;
  #ledgerLines = 0;
  #ledgerBytes = 0;
  #ledgerCrc = 0;
  #writeMs = 0;

  /** Both files are opened exclusively: an attempt never writes where another one has. */
  constructor({ part, ledger }: { part: string; ledger: string }) {
    this.#part = openSync(part, 'wx');
    this.#ledger = openSync(ledger, 'wx');
  }

  /** Adds encoded rows of the open item. */
  append(text: string): void {
    const { length } = text;
    if (length * 3 > this.#buffer.length - this.#filled) this.#makeRoom(length * 3);
    this.#filled = putText(this.#buffer, this.#filled, text);
  }

  /** Adds encoded rows of the open item, as bytes. */
  appendBytes(bytes: Uint8Array): void {
    if (bytes.length > this.#buffer.length - this.#filled) this.#makeRoom(bytes.length);
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  /**
   * The open item is finished: its rows count from the next flush on. `ms`: how long it took. `items`: so many, from this one on, have these
   * rows together; one line says so, that they count all or none. `more`: fields of the line, such as `,"artifacts":[…]`.
   */
  done(index: number, key: string, rows: number, ms: number, items = 1, more = ''): void {
    const start = this.#start;
    const end = this.#written + this.#filled;
    let crc: number;
    if (this.#spilled > 0) {
      this.#spill();
      crc = this.#spilledCrc;
      this.#partCrc = this.#spilledPartCrc;
      this.#spilled = 0;
    } else {
      crc = crc32(this.#buffer, this.#counted, this.#filled);
      this.#counted = this.#filled;
    }
    if (index <= this.#lastIndex || start !== this.#bytes) this.#plain = false;
    this.#lastIndex = index + items - 1;
    this.#start = end;
    this.#bytes += end - start;
    this.#items += items;
    this.#rows += rows;
    // Straight into bytes: as a template string, flattened and encoded at the flush, this line takes three times as long as the row.
    const name = quote(key);
    const lines = this.#lineRoom((name.length + more.length) * 3 + FRAME);
    const view = this.#view;
    let at = putStamp(view, this.#lined, INDEX);
    at = putInteger(lines, at, index);
    at = putStamp(view, at, KEY);
    at = putText(lines, at, name);
    at = putStamp(view, at, START);
    at = putInteger(lines, at, start);
    at = putStamp(view, at, END);
    at = putInteger(lines, at, end);
    at = putStamp(view, at, ROWS);
    at = putInteger(lines, at, rows);
    at = putStamp(view, at, MS);
    at = ms < 0.05 ? putInteger(lines, at, 0) : putText(lines, at, String(Math.round(ms * 10) / 10));
    if (items > 1) at = putText(lines, at, `,"items":${items}`);
    if (more !== '') at = putText(lines, at, more);
    at = putStamp(view, at, CRC);
    at = putInteger(lines, at, crc);
    this.#lined = putStamp(view, at, CLOSE);
    this.#lineCount++;
  }

  /** Forgets the rows of the open item. */
  discard(): void {
    this.#spilled = 0;
    this.#filled = this.#counted;
    this.#start = this.#written + this.#filled;
  }

  /** Writes down that an item is about to start, or has thrown, or is given up. */
  note(index: number, key: string, status: 'started' | 'tried' | 'failed', more = ''): void {
    this.#line(`{"index":${index},"key":${quote(key)},"status":"${status}"${more}}\n`);
  }

  /** From here on, starts are written down (`marked`) or not. */
  marks(status: 'marked' | 'unmarked'): void {
    this.#line(`{"status":"${status}"}\n`);
  }

  /** Hands everything that is finished to the kernel: first the rows, then the lines that point at them. */
  flush(): void {
    if (this.#counted === 0 && this.#lined === 0) return;
    const before = performance.now();
    this.#write();
    this.#writeMs += performance.now() - before;
  }

  #write(): void {
    if (this.#counted > 0) {
      this.#partCrc = crc32(this.#buffer, 0, this.#counted, this.#partCrc);
      writeAll(this.#part, this.#buffer, this.#counted);
      this.#buffer.copyWithin(0, this.#counted, this.#filled);
      this.#written += this.#counted;
      this.#filled -= this.#counted;
      this.#counted = 0;
    }
    if (this.#lined === 0) return;
    writeAll(this.#ledger, this.#lines, this.#lined);
    this.#ledgerCrc = crc32(this.#lines, 0, this.#lined, this.#ledgerCrc);
    this.#ledgerBytes += this.#lined;
    this.#lined = 0;
    this.#ledgerLines += this.#lineCount;
    this.#lineCount = 0;
  }

  /** Bytes of finished rows so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Milliseconds that the files have taken so far. */
  get writeMs(): number {
    return this.#writeMs;
  }

  /** Flushes, syncs and closes both files, part first. */
  finish(): PartTotals {
    this.flush();
    const before = performance.now();
    for (const file of [this.#part, this.#ledger]) {
      fsyncSync(file);
      closeSync(file);
    }
    this.#writeMs += performance.now() - before;
    return {
      items: this.#items,
      rows: this.#rows,
      bytes: this.#bytes,
      crc32: this.#partCrc,
      layout: this.#plain ? 'plain' : 'scattered',
      ledgerLines: this.#ledgerLines,
      ledgerBytes: this.#ledgerBytes,
      ledgerCrc32: this.#ledgerCrc,
    };
  }

  #line(line: string): void {
    const lines = this.#lineRoom(line.length * 3);
    this.#lined = putText(lines, this.#lined, line);
    this.#lineCount++;
  }

  /** The buffer of lines, with room for so many bytes. */
  #lineRoom(bytes: number): Buffer {
    if (bytes <= this.#lines.length - this.#lined) return this.#lines;
    this.flush();
    if (bytes > this.#lines.length) {
      this.#lines = Buffer.allocUnsafe(bytes);
      this.#view = viewOf(this.#lines);
    }
    return this.#lines;
  }

  #makeRoom(bytes: number): void {
    this.flush();
    if (bytes <= this.#buffer.length - this.#filled) return;
    if (this.#filled > 0) this.#spill();
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(bytes);
  }

  /** Writes rows of an item that is not finished, so that an item of any size fits into memory. */
  #spill(): void {
    const bytes = this.#buffer.subarray(0, this.#filled);
    if (this.#spilled === 0) {
      this.#spilledCrc = 0;
      this.#spilledPartCrc = this.#partCrc;
    }
    this.#spilledCrc = crc32(bytes, 0, bytes.length, this.#spilledCrc);
    this.#spilledPartCrc = crc32(bytes, 0, bytes.length, this.#spilledPartCrc);
    writeAll(this.#part, this.#buffer, this.#filled);
    this.#written += this.#filled;
    this.#spilled += this.#filled;
    this.#filled = 0;
  }
}

const INDEX = stampOf('{"index":');
const KEY = stampOf(',"key":');
const START = stampOf(',"status":"done","start":');
const END = stampOf(',"end":');
const ROWS = stampOf(',"rows":');
const MS = stampOf(',"ms":');
const CRC = stampOf(',"crc32":');
const CLOSE = stampOf('}\n');

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

const PLAIN = /^[\w .:/@+-]*$/;
/** JSON of a key; most need no more than quotes, and a look is quicker than a call. */
const quote = (key: string): string => (PLAIN.test(key) ? `"${key}"` : JSON.stringify(key));
