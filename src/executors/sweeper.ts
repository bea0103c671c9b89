import { signal, startedBy } from '../store/processes.ts';

/** Milliseconds that marks are collected for: a look at every process of the machine is too much for each child by itself. */
const COLLECT = 50;

/** Ends what children that died have started and what has left their process groups, known by the mark in its environment. */
export class Sweeper {
  #marks: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  add(mark: string): void {
    this.#marks.push(mark);
    this.#timer ??= setTimeout(() => this.#sweep(), COLLECT);
  }

  /** What is left is the guard's. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #sweep(): void {
    const marks = this.#marks;
    this.#marks = [];
    this.#timer = undefined;
    for (const pid of startedBy(marks)) signal(pid, 'SIGKILL');
  }
}
