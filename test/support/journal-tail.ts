import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { EventType, RunEvent } from '../../src/core/events.ts';
import { IntervalSet } from '../../src/core/intervals.ts';
import { parseLine } from '../../src/store/journal.ts';

/** Follows a journal that somebody else writes, from one `poll` to the next. */
export class JournalTail {
  readonly #file: string;
  readonly #onEvent: (event: RunEvent) => void;
  #offset = 0;
  #counts = new Map<EventType, number>();
  /** Positions with committed rows. */
  readonly done = new IntervalSet();

  /** What the file holds already counts for `done` only. */
  constructor(file: string, onEvent: (event: RunEvent) => void = () => undefined) {
    this.#file = file;
    this.#onEvent = onEvent;
    this.poll();
    this.#counts.clear();
  }

  /** How many events of a type have come since this was made. */
  count(type: EventType): number {
    return this.#counts.get(type) ?? 0;
  }

  poll(): void {
    let descriptor: number;
    try {
      descriptor = openSync(this.#file, 'r');
    } catch {
      return;
    }
    try {
      const { size } = fstatSync(descriptor);
      // The parent has cut off a torn end.
      if (size < this.#offset) this.#offset = size;
      const bytes = Buffer.alloc(size - this.#offset);
      const length = readSync(descriptor, bytes, 0, bytes.length, this.#offset);
      const whole = bytes.subarray(0, length).lastIndexOf(10) + 1;
      this.#offset += whole;
      for (const line of bytes.toString('utf8', 0, whole).split('\n')) this.#take(parseLine(line));
    } finally {
      closeSync(descriptor);
    }
  }

  #take(event: RunEvent | undefined): void {
    if (!event) return;
    this.#counts.set(event.type, this.count(event.type) + 1);
    if (event.type === 'committed') this.done.addAll(event.spans);
    this.#onEvent(event);
  }
}
