/** Somebody who asked for a call: which child, and the number of its question. */
export interface Asker {
  readonly child: number;
  readonly id: number;
}

interface Flight {
  owner: number;
  readonly waiters: Asker[];
}

/**
 * Which calls are in flight anywhere in the run, by the hash of their keys. The first who asks owns the call and makes it; whoever asks
 * meanwhile waits for what becomes of it. When an owner goes without an answer, the next in line owns it.
 *
 *   (none) ──join──▶ owned by A ──join──▶ owned by A, B waits ──landed──▶ (none), B hears
 *                        │                        └─A gives up or dies──▶ owned by B
 *                        └─A gives up or dies──▶ (none)
 */
export class Flights {
  readonly #flights = new Map<string, Flight>();

  /** True when the asker owns the call from now on; else it is told later. */
  join(hash: string, asker: Asker): boolean {
    const flight = this.#flights.get(hash);
    if (flight) flight.waiters.push(asker);
    else this.#flights.set(hash, { owner: asker.child, waiters: [] });
    return flight === undefined;
  }

  /** The owner has an answer: those who wait for it. */
  landed(hash: string, child: number): readonly Asker[] {
    const flight = this.#flights.get(hash);
    if (flight?.owner !== child) return [];
    this.#flights.delete(hash);
    return flight.waiters;
  }

  /** The owner gives up without an answer: who owns the call now. */
  released(hash: string, child: number): Asker | undefined {
    const flight = this.#flights.get(hash);
    return flight?.owner === child ? this.#passOn(hash, flight) : undefined;
  }

  /** A child is gone: the new owners of its calls. */
  left(child: number): readonly (Asker & { readonly hash: string })[] {
    const heirs: (Asker & { readonly hash: string })[] = [];
    for (const [hash, flight] of this.#flights) {
      const staying = flight.waiters.filter((waiter) => waiter.child !== child);
      flight.waiters.splice(0, flight.waiters.length, ...staying);
      if (flight.owner !== child) continue;
      const heir = this.#passOn(hash, flight);
      if (heir) heirs.push({ ...heir, hash });
    }
    return heirs;
  }

  get size(): number {
    return this.#flights.size;
  }

  #passOn(hash: string, flight: Flight): Asker | undefined {
    const heir = flight.waiters.shift();
    if (heir) flight.owner = heir.child;
    else this.#flights.delete(hash);
    return heir;
  }
}
