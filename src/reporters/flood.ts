/**
 * Keeps a run of 20,000 short batches from printing 20,000 lines a second. Lines of a kind are printed one by one as long
 * as there are few; when more than `limit` come within one window (between two calls of `drain`), the rest of them, and
 * all of the next windows until it is calm again, are held back and only counted.
 */
export interface Flood<Kind> {
  /** Whether to print this one now; else it has been counted. */
  admit(kind: Kind): boolean;
  /** Ends the window: how many were held back, by kind. */
  drain(): ReadonlyMap<Kind, number>;
}

/** A flood gate that lets `limit` lines of each kind through in a window. */
export function createFlood<Kind>(limit = 10): Flood<Kind> {
  let came = new Map<Kind, number>();
  let held = new Map<Kind, number>();
  const flooded = new Set<Kind>();
  return {
    admit(kind) {
      const count = (came.get(kind) ?? 0) + 1;
      came.set(kind, count);
      if (count <= limit && !flooded.has(kind)) return true;
      held.set(kind, (held.get(kind) ?? 0) + 1);
      return false;
    },
    drain() {
      const before = held;
      for (const kind of flooded) if ((came.get(kind) ?? 0) <= limit) flooded.delete(kind);
      for (const [kind, count] of came) if (count > limit) flooded.add(kind);
      came = new Map();
      held = new Map();
      return before;
    },
  };
}
