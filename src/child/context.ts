import type { Made } from '../core/artifact.ts';
import { ItemArtifacts } from './artifacts.ts';
import type { StoppedTime } from './stopped-time.ts';
import type { Cache, Call, Spent } from '../core/calling.ts';
import type { Permit, PermitCost } from '../core/permit.ts';
import type { Context, Log } from '../core/worker.ts';
import type { Services } from './services.ts';

/** What all items of an attempt share. */
export interface Shared {
  readonly shard: number;
  readonly batch: number;
  readonly params: unknown;
  readonly state: unknown;
  readonly log: Log;
  readonly itemTimeout: number | undefined;
  readonly stopped: StoppedTime;
  /** Asks the parent for leave to make a call; rejects when the signal is aborted. */
  readonly permit: (cost: PermitCost | undefined, signal: AbortSignal) => Promise<Permit>;
  readonly services: Services;
  /** The folder for artifacts until they are committed. */
  readonly staged: string;
}

/** `over`: aborted when the item ends. `permits`: what it was granted and has not settled. */
interface Calls {
  readonly over: AbortController;
  readonly permits: Set<Permit>;
}

/** The `ctx` of one item. Its signal is made when it is first asked for: most items never do, and it costs more than they do. */
export class ItemContext implements Context {
  readonly index: number;
  readonly key: string;
  readonly attempt: number;
  /** When it began, on the clock of `performance.now`. */
  readonly since: number;
  readonly #shared: Shared;
  #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** There once it has asked for a permit. */
  #calls: Calls | undefined;
  /** There once it has asked for the path of an artifact. */
  artifacts: ItemArtifacts | undefined;
  /** Set once a call was refused as the run's budget is spent or its end has come: whatever the item makes of that, it is not done. */
  withdrawn: Error | undefined;

  /** `since`: when the item began, on the clock of `performance.now`. */
  constructor(shared: Shared, index: number, key: string, attempt: number, since: number) {
    this.#shared = shared;
    this.since = since;
    this.index = index;
    this.key = key;
    this.attempt = attempt;
  }

  get shard(): number {
    return this.#shared.shard;
  }

  get batch(): number {
    return this.#shared.batch;
  }

  get params(): unknown {
    return this.#shared.params;
  }

  get state(): unknown {
    return this.#shared.state;
  }

  get log(): Log {
    return this.#shared.log;
  }

  // A function each, not a method: a worker may take it off `ctx`.
  get call(): Call {
    return (options, make) => this.#shared.services.call(this, options, make);
  }

  get artifact(): (name: string) => string {
    return (name) => (this.artifacts ??= new ItemArtifacts(this.#shared.staged, this.index, this.attempt)).path(name);
  }

  /** Puts the files that it has written where the parent takes them from. */
  async seal(): Promise<readonly Made[]> {
    if (this.withdrawn) throw this.withdrawn;
    return this.artifacts ? (await import('./seal.ts')).seal(this.artifacts) : [];
  }

  get cache(): Cache {
    return this.#shared.services.cache;
  }

  get spend(): (spent: Spent) => void {
    return (spent) => this.#shared.services.spend(spent);
  }

  get signal(): AbortSignal {
    if (this.#signal) return this.#signal;
    const aborting = new AbortController();
    this.#signal = aborting.signal;
    this.#watch(aborting);
    return this.#signal;
  }

  /** Also works for whoever takes it out of the context first. */
  get permit(): (cost?: PermitCost) => Promise<Permit> {
    return (cost) => this.#permit(cost);
  }

  async #permit(cost: PermitCost | undefined): Promise<Permit> {
    this.#calls ??= { over: new AbortController(), permits: new Set() };
    const { over, permits } = this.#calls;
    const permit = await this.#shared.permit(cost, AbortSignal.any([this.signal, over.signal])).catch((error: unknown) => {
      if (error instanceof Error && error.name === 'LeavingError') this.withdrawn = error;
      throw error;
    });
    permits.add(permit);
    // Whoever settles it needs no reminder; one that is left over is settled with the item.
    return {
      waitedMs: permit.waitedMs,
      settle: (outcome) => {
        permits.delete(permit);
        permit.settle(outcome);
      },
    };
  }

  /** The item has ended, and its time is not looked at any more; gives how long it took (ms). `now`: by `performance.now`. */
  end(now: number): number {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#calls) this.#endCalls(this.#calls);
    return this.#shared.stopped.taken(this.since, now);
  }

  /** Aborts when the item's time is over. Not `AbortSignal.timeout`: time in which the process stood still does not count. */
  #watch(aborting: AbortController): void {
    const { itemTimeout, stopped } = this.#shared;
    if (itemTimeout === undefined) return;
    const left = itemTimeout - stopped.taken(this.since, performance.now());
    if (left <= 0) return aborting.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    this.#timer = setTimeout(() => this.#watch(aborting), Math.ceil(left)).unref();
  }

  /** Whoever still waits need not, and calls that were not settled are. */
  #endCalls({ over, permits }: Calls): void {
    over.abort(new Error('the item has ended'));
    for (const permit of permits) permit.settle();
  }

  /** True when the item's time was over before it ended. */
  get timedOut(): boolean {
    return this.#signal?.aborted ?? false;
  }
}
