const NEWLINE = 0x0a;
/** A child that never ends its line must not fill our memory: a longer piece counts as a line. */
const LONGEST = 1 << 20;

/**
 * Cuts a stream of bytes into whole lines. Works on bytes, so that neither a line nor a character is ever torn, however
 * the chunks fall.
 */
export class LineSplitter {
  #rest: Buffer[] = [];
  #length = 0;

  /** The lines that end within the chunk, each with its newline. Copies what it keeps. */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(this.#take(chunk.subarray(start, end + 1)));
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#rest.push(Buffer.from(chunk.subarray(start)));
      this.#length += chunk.length - start;
    }
    if (this.#length >= LONGEST) lines.push(...this.end());
    return lines;
  }

  /** What is left, as a last line with a newline; nothing when the stream ended with one. */
  end(): Buffer[] {
    return this.#length === 0 ? [] : [this.#take(Buffer.from([NEWLINE]))];
  }

  #take(end: Buffer): Buffer {
    const line = this.#length === 0 ? Buffer.from(end) : Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    this.#length = 0;
    return line;
  }
}
