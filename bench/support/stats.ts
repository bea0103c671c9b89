/** The middle value; of an even number of values, the lower of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
}

/** Milliseconds as seconds. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

export const times = (ratio: number): string => `${ratio.toFixed(2)} ×`;

/** A target that is a highest value. */
export const atMost = (value: number, limit: number, text: string): { readonly text: string; readonly met: boolean } => ({
  text: `≤ ${text}`,
  met: value <= limit,
});

/** A target that is a lowest value. */
export const atLeast = (value: number, limit: number, text: string): { readonly text: string; readonly met: boolean } => ({
  text: `≥ ${text}`,
  met: value >= limit,
});
