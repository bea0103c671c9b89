/** Items, and how many are worked on at a time. */
export const COUNT = 60;
export const WIDTH = 4;

/** What bad items do, by number: all behind the place where the command is killed. */
export const POISON: ReadonlyMap<number, string> = new Map([
  [25, 'throw'],
  [30, 'hang'],
  [35, 'exit'],
  [40, 'segfault'],
]);

/** The items that can be done. */
export const GOOD: readonly number[] = Array.from({ length: COUNT }, (_, n) => n).filter((n) => !POISON.has(n));

/** One contender's job. */
export interface Job {
  /** The folder in which it is done; it also marks the processes. */
  readonly lab: string;
  /** Seconds that an item may take. */
  readonly limit: number;
  /** The file that gets a line whenever an item is begun. */
  readonly begun: string;
}
