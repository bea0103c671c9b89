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
  readonly services: Services;
}

/** The `ctx` of one item. Its signal is made when it is first asked for: most items never do, and it costs more than they do. */
export class ItemContext implements Context {
  readonly index: number;
  readonly key: string;
  readonly attempt: number;
  readonly #shared: Shared;
  readonly #since: number;
  #signal: AbortSignal | undefined;
  /** Set once a call was refused as the run's budget is spent: whatever the item makes of that, it is not done. */
  withdrawn: Error | undefined;

  /** `since`: when the item began, on the clock of `performance.now`. */
  constructor(shared: Shared, index: number, key: string, attempt: number, since: number) {
    this.#shared = shared;
    this.#since = since;
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

  /** No budget, no waiting. */
  async permit(_cost?: PermitCost): Promise<Permit> {
    return { waitedMs: 0, settle: () => undefined };
  }

  get cache(): Cache {
    return this.#shared.services.cache;
  }

  get spend(): (spent: Spent) => void {
    return (spent) => this.#shared.services.spend(spent);
  }

  get signal(): AbortSignal {
    const { itemTimeout } = this.#shared;
    this.#signal ??=
      itemTimeout === undefined
        ? new AbortController().signal
        : AbortSignal.timeout(Math.max(1, itemTimeout - (performance.now() - this.#since)));
    return this.#signal;
  }

  /** True when the item's time was over before it ended. */
  get timedOut(): boolean {
    return this.#signal?.aborted ?? false;
  }
}
