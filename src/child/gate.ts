/** Lets at most `places` tasks in at a time; whoever waits longest is next. */
export class Gate {
  readonly #places: number;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#places = places;
    this.#free = places;
  }

  /** True, and a place taken, when one is free. */
  tryEnter(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  enter(): Promise<void> | undefined {
    return this.tryEnter() ? undefined : new Promise((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }

  /** Settles when nobody is inside. */
  async emptied(): Promise<void> {
    for (let place = 0; place < this.#places; place++) await this.enter();
    for (let place = 0; place < this.#places; place++) this.leave();
  }
}
