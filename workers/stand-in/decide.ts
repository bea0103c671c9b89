/**
 * What the stand-in servers decide, they decide by a hash of the request: the same request meets the same fate in every run, in
 * every process.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** What goes wrong with a request: too many (429), 500, an answer that is cut short, a connection that is closed, a key that is refused (401). */
export type Fault = 'limited' | 'broken' | 'malformed' | 'dropped' | 'refused';

/** How often each fault happens, as a share of the requests. */
type FaultShares = Partial<Readonly<Record<Fault, number>>>;

/** Numbers in [0, 1), as many as wanted up to eight, that follow from the texts alone. */
export function numbersFrom(...texts: readonly unknown[]): readonly number[] {
  const digest = createHash('sha256').update(JSON.stringify(texts)).digest();
  return Array.from({ length: 8 }, (_, index) => digest.readUInt32LE(index * 4) / 2 ** 32);
}

/** Of a log-normal distribution with this median (ms) and a deviation of 0.4, at most four times the median. `chance`: two numbers in [0, 1). */
function latencyOf(median: number, [one = 0, two = 0]: readonly number[]): number {
  const normal = Math.sqrt(-2 * Math.log(1 - one)) * Math.cos(2 * Math.PI * two);
  return Math.min(4 * median, median * Math.exp(0.4 * normal));
}

/** How a stand-in server behaves. */
export interface StandInOptions {
  /** Default: any free port. */
  readonly port?: number;
  /** The median time until an answer (ms), log-normal. */
  readonly latency?: number;
  /** Every answer takes the same time. */
  readonly isEven?: boolean;
  /** Answers in any second; beyond, 429 with `Retry-After: 1`. Default: no limit. */
  readonly limit?: number;
  /** Whether some requests fail; default true. */
  readonly hasFaults?: boolean;
  readonly seed?: string;
}

/** A server that runs. */
export interface StandIn {
  /** Such as `http://127.0.0.1:4010`, without a path. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

interface FaultyOptions {
  readonly shares: FaultShares;
  readonly seed: string;
  /** Requests that are let through in any second, of all clients together; more are answered with 429. Default: any number. */
  readonly limit?: number;
}

/** Decides what happens to requests. A request that comes again, as a retry does, meets another fate than the first time. */
class Faults {
  readonly #options: FaultyOptions;
  readonly #seen = new Map<string, number>();
  readonly #passed: number[] = [];

  constructor(options: FaultyOptions) {
    this.#options = options;
  }

  of(request: string): Fault | undefined {
    const { shares, seed, limit } = this.#options;
    if (limit !== undefined && !this.#isWithin(limit)) return 'limited';
    const time = (this.#seen.get(request) ?? 0) + 1;
    this.#seen.set(request, time);
    let [chance = 1] = numbersFrom(seed, 'fault', request, time);
    for (const fault of ['limited', 'broken', 'malformed', 'dropped', 'refused'] as const) {
      chance -= shares[fault] ?? 0;
      if (chance < 0) return fault;
    }
    return undefined;
  }

  #isWithin(limit: number): boolean {
    const now = performance.now();
    while ((this.#passed[0] ?? now) <= now - 1000) this.#passed.shift();
    if (this.#passed.length >= limit) return false;
    this.#passed.push(now);
    return true;
  }
}

/** What every stand-in does alike. `usual`: its median latency (ms), and how often its faults happen. */
export function habitsOf(
  { latency, isEven = false, limit, hasFaults = true, seed = 'stand-in' }: StandInOptions,
  usual: { readonly latency: number; readonly shares: FaultShares },
) {
  const median = latency ?? usual.latency;
  return {
    seed,
    hasFaults,
    faults: new Faults({ shares: hasFaults ? usual.shares : {}, seed, ...(limit === undefined ? {} : { limit }) }),
    /** Waits as long as an answer to this request takes. */
    pause: (request: string): Promise<void> => sleep(isEven ? median : latencyOf(median, numbersFrom(seed, 'latency', request))),
  };
}
