import { readFileSync } from 'node:fs';

/** A process that stood still cannot have looked at the clock for so many milliseconds. */
const GAP = 150;

/** From and to, in milliseconds since 1970. */
type Stops = readonly (readonly [from: number, to: number])[];

/**
 * Tells for how long this process stood still (Ctrl-Z). The process itself cannot know: its clock went on. So the parent writes it down
 * before it lets its children go on, and they read it where so much time has passed between two looks at the clock that they may have stood still.
 */
export class StoppedTime {
  readonly #file: string;
  #stops: Stops = [];
  #lookedAt = performance.now();

  /** `file`: JSON, pairs of moments in milliseconds since 1970. */
  constructor(file: string) {
    this.#file = file;
  }

  /** Milliseconds from `since` until `now`, the last time that it is (both of `performance.now`), without those in which the process stood still. */
  taken(since: number, now: number): number {
    if (now - this.#lookedAt > GAP) this.#read();
    this.#lookedAt = now;
    if (this.#stops.length === 0) return now - since;
    const { timeOrigin } = performance;
    const still = this.#stops.map(([from, to]) => Math.min(to, timeOrigin + now) - Math.max(from, timeOrigin + since));
    return Math.max(0, now - since - still.reduce((sum, ms) => sum + Math.max(0, ms), 0));
  }

  /** Waits until `ms` have been taken since a moment, or `signal` is aborted. What has been waited already counts. */
  async rest(since: number, ms: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const left = ms - this.taken(since, performance.now());
      if (left <= 1 || signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(left, 1000)));
    }
  }

  #read(): void {
    try {
      const stops: unknown = JSON.parse(readFileSync(this.#file, 'utf8'));
      // Written by our parent while all its children stand still.
      if (Array.isArray(stops)) this.#stops = stops as Stops;
    } catch {
      // There is no such file: nobody has ever stood still.
    }
  }
}
