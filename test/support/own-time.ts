/** The longest step that counts whole, in milliseconds. */
const STEP = 50;

/**
 * Milliseconds in which this process was let run: what a limit of a test is measured with. Where the machine stands still, or is so busy that
 * nobody gets a turn, a step between two looks counts as little; whoever waits has to look often.
 */
export class OwnTime {
  #passed = 0;
  #last = performance.now();

  /** The time since it was made. */
  look(): number {
    const now = performance.now();
    this.#passed += Math.min(now - this.#last, STEP);
    this.#last = now;
    return this.#passed;
  }
}
