import { readSync } from 'node:fs';

const CHUNK_BYTES = 64 * 1024;
const LINE_FEED = 10;

/**
 * Reads the lines of an open file one after another, synchronously. The current line is `buffer` from `start` to `end`
 * (without its line feed) and is overwritten by the next.
 */
export class LineReader {
  buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  start = 0;
  end = -1;
  readonly #descriptor: number;
  /** End of what has been read into the buffer, and where that is in the file. */
  #filled = 0;
  #offset = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** The next line is the one that starts at byte `offset` of the file. */
  seek(offset: number): void {
    this.#offset = offset;
    this.#filled = 0;
    this.start = 0;
    this.end = -1;
  }

  /** Moves to the next line; false at the end of the file, where a line without line feed does not count. */
  next(): boolean {
    this.start = this.end + 1;
    let searched = this.start;
    for (;;) {
      const found = searched < this.#filled ? this.buffer.indexOf(LINE_FEED, searched) : -1;
      // Behind `#filled` the buffer holds what an earlier read has left there.
      if (found >= 0 && found < this.#filled) {
        this.end = found;
        return true;
      }
      searched = this.#filled - this.start;
      if (!this.#fill()) return false;
    }
  }

  /** Moves the unfinished line to the front and reads on behind it; a line that fills the buffer gets one of twice the size. */
  #fill(): boolean {
    const kept = this.#filled - this.start;
    const from = this.buffer;
    if (kept === from.length) this.buffer = Buffer.allocUnsafeSlow(from.length * 2);
    from.copy(this.buffer, 0, this.start, this.#filled);
    this.start = 0;
    this.end = -1;
    this.#filled = kept;
    const read = readSync(this.#descriptor, this.buffer, kept, this.buffer.length - kept, this.#offset);
    this.#offset += read;
    this.#filled += read;
    return read > 0;
  }
}
