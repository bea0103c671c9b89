import type { PartWriter } from '../store/part-writer.ts';

/** Items are quick when so many in a row take less than so many milliseconds each. */
const LOOK = 64;
const QUICK = 0.2;
const SLOW = 2;

/**
 * Writes down every start before it happens, so that after a death the parent knows exactly which items were in flight.
 * That takes two writes an item (about 8 µs), so for items quicker than 0.2 ms it is left off, and the ledger says so; the parent then
 * has the rest done again `always` marked, and the culprit shows.
 */
export class Marks {
  readonly #writer: PartWriter;
  readonly #always: boolean;
  #on = true;
  #items = 0;
  #ms = 0;

  constructor(writer: PartWriter, always: boolean) {
    this.#writer = writer;
    this.#always = always;
    writer.marks('marked');
  }

  /** Whether starts are written down: then an item that is finished is not begun again either, whatever its neighbours do. */
  get on(): boolean {
    return this.#on;
  }

  started({ index, key }: { readonly index: number; readonly key: string }): void {
    if (!this.#on) return;
    this.#writer.note(index, key, 'started', `,"at":${Date.now()}`);
    this.#writer.flush();
  }

  ended(ms: number): void {
    if (this.#always) return;
    if (!this.#on) {
      if (ms > SLOW) this.#turn(true);
      return;
    }
    this.#ms += ms;
    if (++this.#items < LOOK) return;
    if (this.#ms / this.#items < QUICK) this.#turn(false);
    this.#items = 0;
    this.#ms = 0;
  }

  #turn(on: boolean): void {
    this.#on = on;
    this.#writer.marks(on ? 'marked' : 'unmarked');
    this.#writer.flush();
  }
}
