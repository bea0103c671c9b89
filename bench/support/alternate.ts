import { median } from './stats.ts';

/** Somebody who does the work, and what to call it. Each call gives the same figures, in units of the benchmark's own. */
export interface Contestant<Figures> {
  readonly name: string;
  readonly run: () => Promise<Figures>;
}

/** The medians of everybody's figures. */
export interface Medians<Figures> {
  /** Those of a contestant that took part. */
  of(name: string): Figures;
  /** The names of all but the first one. */
  readonly others: readonly string[];
}

export interface Rounds {
  readonly runs: number;
  readonly say: (line: string) => void;
  /** Runs after each turn; not measured. */
  readonly clean?: () => Promise<void> | void;
}

/** Lets contestants take turns, A B C A B C …, so that whatever else happens on the machine hits all of them alike. */
export async function alternate<Figures extends Readonly<Record<string, number>>>(
  contestants: readonly Contestant<Figures>[],
  { runs, say, clean }: Rounds,
): Promise<Medians<Figures>> {
  const all = new Map<string, Figures[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 1; round <= runs; round++) {
    for (const { name, run } of contestants) {
      const figures = await run();
      all.get(name)?.push(figures);
      const shown = Object.entries(figures).map(([key, value]) => `${key} ${value.toFixed(1)}`);
      say(`  ${round}/${runs} ${name}: ${shown.join(', ')}`);
      await clean?.();
    }
  }
  return {
    of(name) {
      const [first, ...rest] = all.get(name) ?? [];
      if (!first) throw new Error(`${name} did not take part`);
      return Object.fromEntries(
        Object.keys(first).map((key) => [key, median([first, ...rest].map((figures) => figures[key] ?? Number.NaN))]),
      ) as Figures;
    },
    others: contestants.slice(1).map(({ name }) => name),
  };
}
