import type { Place } from '../core/errors.ts';
import { hash53 } from './hash.ts';

/**
 * Remembers the keys of a list well enough to tell which may be there twice, in 8 bytes an item: the hashes, and the
 * lines where the items stood, of which only the jumps are kept.
 */
export class KeyLog {
  #hashes = new Float64Array(1024);
  #count = 0;
  readonly #lines = new LineLog();

  add(key: string, place: Place | undefined): void {
    if (this.#count === this.#hashes.length) this.#hashes = new Float64Array(this.#hashes.buffer.transfer(this.#count * 16));
    this.#lines.add(this.#count, place);
    this.#hashes[this.#count++] = hash53(key);
  }

  /** The file and line where an item stood, if its source has such a thing. */
  placeOf(index: number): Place | undefined {
    return this.#lines.placeOf(index);
  }

  /** Sorted hashes that more than one key has, and how many keys they have beyond one each. Ends the log: sorting spoils the order. */
  repeated(): { readonly hashes: Float64Array; readonly surplus: number } {
    const hashes = this.#hashes.subarray(0, this.#count);
    hashes.sort();
    let kept = 0;
    let surplus = 0;
    for (let at = 1; at < hashes.length; at++) {
      const hash = hashes[at] ?? 0;
      if (hash !== hashes[at - 1]) continue;
      surplus++;
      // Never ahead of `at`: the repeated hashes are gathered at the front of the same array.
      if (kept === 0 || hashes[kept - 1] !== hash) hashes[kept++] = hash;
    }
    return { hashes: hashes.subarray(0, kept), surplus };
  }
}

/** The line of each item of one file. Items on successive lines, which is nearly all, take no room. */
class LineLog {
  #file: string | undefined;
  #indexes = new Uint32Array(16);
  #lines = new Uint32Array(16);
  #count = 0;
  /** Line minus index of the items since the last jump. */
  #shift = 0;

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
