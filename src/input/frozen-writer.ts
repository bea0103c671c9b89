import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { encodeOffsets, offsetsFile, STRIDE } from './frozen.ts';
import { formatLine } from './frozen-line.ts';

const BUFFER_BYTES = 512 * 1024;
/** Lines are gathered up to this length before they are encoded together. */
const TEXT_UNITS = 64 * 1024;

/** Writes frozen items and their offsets, line after line. */
export class FrozenWriter {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #hash = createHash('sha256');
  readonly #offsets: number[] = [];
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  /** What is encoded in the buffer but not written. */
  #filled = 0;
  /** Lines that are not encoded yet. */
  #text = '';
  #count = 0;
  /** Length of everything that is encoded. */
  #bytes = 0;
  #open = true;

  constructor(file: string) {
    this.#file = file;
    this.#descriptor = openSync(file, 'w');
  }

  /** Number of lines so far. */
  get count(): number {
    return this.#count;
  }

  /** Appends an item; both arguments are JSON. */
  add(key: string, item: string): void {
    const marked = this.#count % STRIDE === 0;
    if (marked || this.#text.length > TEXT_UNITS) this.#encode();
    if (marked) this.#offsets.push(this.#bytes);
    this.#text += formatLine(key, item);
    this.#count++;
  }

  /** Writes what is left and the offsets file, and makes both durable. */
  finish(): { readonly count: number; readonly bytes: number; readonly sha256: string } {
    this.#encode();
    this.#flush();
    fsyncSync(this.#descriptor);
    this.#close();
    const header = { count: this.#count, bytes: this.#bytes };
    const offsets = openSync(offsetsFile(this.#file), 'w');
    try {
      writeAll(offsets, encodeOffsets(header, this.#offsets));
      fsyncSync(offsets);
    } finally {
      closeSync(offsets);
    }
    return { ...header, sha256: this.#hash.digest('hex') };
  }

  /** Removes both files, finished or not. */
  discard(): void {
    this.#close();
    rmSync(this.#file, { force: true });
    rmSync(offsetsFile(this.#file), { force: true });
  }

  #encode(): void {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    if (this.#text.length * 3 > BUFFER_BYTES - this.#filled) this.#flush();
    if (this.#text.length * 3 > BUFFER_BYTES) {
      const bytes = Buffer.from(this.#text);
      this.#write(bytes);
      this.#bytes += bytes.length;
    } else {
      const length = this.#buffer.write(this.#text, this.#filled);
      this.#filled += length;
      this.#bytes += length;
    }
    this.#text = '';
  }

  #flush(): void {
    this.#write(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #write(bytes: Buffer): void {
    this.#hash.update(bytes);
    writeAll(this.#descriptor, bytes);
  }

  #close(): void {
    if (this.#open) closeSync(this.#descriptor);
    this.#open = false;
  }
}

/** A short write is continued. */
function writeAll(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}
