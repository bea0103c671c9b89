import type { Memory } from './cgroup.ts';

/** Tells which deaths were the kernel's doing: it counts those, and each count explains one. */
export class OomKills {
  readonly #memory: Memory;
  #explained = 0;
  /** The count when nobody had died yet: for children that have had no work. */
  readonly #first: number;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#first = this.unexplained();
  }

  /** How many there have been, ever, that no death has been explained with. */
  unexplained(): number {
    return (this.#memory.oomKills() ?? 0) - this.#explained;
  }

  /** How many since `before`, which is what `unexplained` gave then. */
  since(before: number | undefined): number {
    return Math.max(0, this.unexplained() - (before ?? this.#first));
  }

  /** One of them has been found to be a child. */
  explain(): void {
    this.#explained++;
  }
}
