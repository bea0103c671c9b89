import type { Place } from '../core/errors.ts';

/** The line of each item of one file. Items on successive lines, which is nearly all, take no room. */
export class LineLog {
  #file: string | undefined;
  #indexes = new Uint32Array(16);
  #lines = new Uint32Array(16);
  #count = 0;
  /** Line minus index of the items since the last jump. */
  #shift = 0;

  /** Called once for each item, in order. */
  add(index: number, place: Place | undefined): void {
    const line = place?.line;
    if (line === undefined || line - index === this.#shift) return;
    this.#file = place?.file;
    this.#shift = line - index;
    if (this.#count === this.#lines.length) {
      this.#indexes = new Uint32Array(this.#indexes.buffer.transfer(this.#count * 8));
      this.#lines = new Uint32Array(this.#lines.buffer.transfer(this.#count * 8));
    }
    this.#indexes[this.#count] = index;
    this.#lines[this.#count++] = line;
  }

  /** The file and line where an item stood, if its source has such a thing. */
  placeOf(index: number): Place | undefined {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#indexes[middle] ?? 0) <= index) low = middle + 1;
      else high = middle;
    }
    const [first, line] = [this.#indexes[low - 1], this.#lines[low - 1]];
    if (first === undefined || line === undefined || this.#file === undefined) return undefined;
    return { file: this.#file, line: line + index - first };
  }
}
