/** What all contestants are told, by their environment. */
export interface Job {
  readonly count: number;
  readonly iterations: number;
  readonly skewed: boolean;
}

export const job: Job;
export function spin(iterations: number, seed: number): number;
export function iterationsOf(index: number, job: Job): number;
