import { IntervalSet, type Span } from '../core/intervals.ts';

/** The positions that are finished. They nearly always arrive in order, which costs nothing; else they are kept as a set. */
export class DoneSpans {
  #inOrder: [number, number][] = [];
  #set: IntervalSet | undefined;
  #last: [number, number] | undefined;
  size = 0;

  add(index: number): void {
    this.size++;
    if (this.#set) return this.#set.add(index, index + 1);
    if (this.#last?.[1] === index) {
      this.#last[1]++;
      return;
    }
    if (this.#last && this.#last[1] > index) {
      this.#set = new IntervalSet(this.#inOrder);
      return this.#set.add(index, index + 1);
    }
    this.#last = [index, index + 1];
    this.#inOrder.push(this.#last);
  }

  spans(): readonly Span[] {
    return this.#set?.spans() ?? this.#inOrder;
  }
}
