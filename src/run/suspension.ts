import { rmSync, writeFileSync } from 'node:fs';
import type { Dispatcher } from './dispatcher.ts';

/** What the machine is busy with makes two ticks come apart as well, by less than this (ms). */
const JUMP = 500;

export interface SuspensionOptions {
  readonly dispatcher: Dispatcher;
  /** Where the children read for how long they stood still. */
  readonly file: string;
  /** Milliseconds between two calls of `tick`. */
  readonly every: number;
}

/**
 * Time that is nobody's. `suspend` has every child stand still, with all that it started (SIGSTOP to its group), and the clock of the run
 * with them; `wake` has them go on. A process that is itself stopped from outside, which it cannot know beforehand, finds out by its ticks.
 */
export class Suspension {
  readonly #options: SuspensionOptions;
  readonly #stops: [from: number, to: number][] = [];
  #since: number | undefined;
  #tickedAt: number | undefined;

  constructor(options: SuspensionOptions) {
    this.#options = options;
  }

  /** Milliseconds since 1970; stands still while everything does. */
  now(): number {
    return this.#since ?? Date.now();
  }

  suspend(): void {
    const { dispatcher } = this.#options;
    if (this.#since !== undefined || dispatcher.isEnded) return;
    // Before the first child stands still: their time ends with ours.
    this.#since = Date.now();
    dispatcher.emit({ type: 'suspended' });
    for (const { child } of dispatcher.live.values()) child.kill('SIGSTOP');
  }

  wake(): void {
    const { dispatcher, file } = this.#options;
    if (this.#since === undefined) return;
    const now = Date.now();
    this.#stops.push([this.#since, now]);
    try {
      writeFileSync(file, JSON.stringify(this.#stops));
    } catch {
      // Then its items seem longer than they were; a disk that is full shows where it counts.
    }
    const ms = now - this.#since;
    this.#since = undefined;
    this.#tickedAt = now;
    dispatcher.children.skip(ms, now);
    // First, so that who reads that we awoke finds the children at work: stopped again between the two, we would leave them standing.
    for (const { child } of dispatcher.live.values()) child.kill('SIGCONT');
    if (!dispatcher.isEnded) dispatcher.emit({ type: 'awoke', ms });
  }

  /** Called every so often: time in which it was not is not counted as the children's, of whom nothing could be heard. */
  tick(): void {
    const { dispatcher, every } = this.#options;
    if (this.#since !== undefined) return;
    const now = Date.now();
    const ms = this.#tickedAt === undefined ? 0 : now - this.#tickedAt - every;
    this.#tickedAt = now;
    if (ms < JUMP) return;
    dispatcher.children.skip(ms, now);
    dispatcher.emit({ type: 'awoke', ms });
  }

  end(): void {
    rmSync(this.#options.file, { force: true });
  }
}
