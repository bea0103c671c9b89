/** What is known of a child when memory is short. */
export interface Held {
  readonly child: number;
  /** When it was given its batch (ms since 1970); `undefined` for one without work. */
  readonly since: number | undefined;
  /** True where it has been told to go. */
  readonly leaving: boolean;
}

/** What `--memory-free` asks for: to start and hand out nothing (`hold`), and which child to end, if one. */
export interface Relief {
  readonly hold: boolean;
  readonly end?: number;
}

/**
 * Below `wanted` bytes of available memory nothing new begins; below half of it the youngest child is ended, one at a time, those
 * without work first. The last one that works stays: if even that is too much, no waiting will help, and the kernel names the culprit.
 */
export function relieve(available: number, wanted: number, children: readonly Held[]): Relief {
  if (available >= wanted) return { hold: false };
  if (available >= wanted / 2 || children.some(({ leaving }) => leaving)) return { hold: true };
  const idle = children.filter(({ since }) => since === undefined).map(({ child }) => child);
  if (idle.length > 0) return { hold: true, end: Math.max(...idle) };
  const [youngest, ...others] = children.toSorted((a, b) => (b.since ?? 0) - (a.since ?? 0) || b.child - a.child);
  return youngest && others.length > 0 ? { hold: true, end: youngest.child } : { hold: true };
}
