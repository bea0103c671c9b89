/** One line of a result: what was measured against what. */
export interface Row {
  readonly what: string;
  readonly against: string;
  /** What the two took, with units. */
  readonly ours: string;
  readonly theirs: string;
  /** The figure that counts, with its unit: a ratio, or a difference. */
  readonly figure: string;
  /** What it should be, and whether it is; without one, the line is there to compare with. */
  readonly target?: { readonly text: string; readonly met: boolean };
}

export interface BenchOptions {
  /** How often each contestant runs; figures are medians. */
  readonly runs: number;
  /** A fraction of the work, to try the scripts out; the figures mean little. */
  readonly quick: boolean;
  /** A folder for this benchmark alone, empty, deleted afterwards. */
  readonly lab: string;
  /** Says something to whoever watches. */
  readonly say: (line: string) => void;
}

/** One file of this folder: what it measures and why (Markdown), and how. */
export interface Benchmark {
  readonly name: string;
  readonly about: string;
  /** Gives the rows of the usual table, or a table of its own (Markdown). */
  readonly run: (options: BenchOptions) => Promise<readonly Row[] | string>;
}
