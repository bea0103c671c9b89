import type { Context, Log, Permit, PermitCost } from '../core/worker.ts';

/** What all items of an attempt share. */
export interface Shared {
  readonly shard: number;
  readonly batch: number;
  readonly params: unknown;
  readonly state: unknown;
  readonly log: Log;
  readonly itemTimeout: number | undefined;
  /** Asks the parent for leave to make a call; rejects when the signal is aborted. */
  readonly permit: (cost: PermitCost | undefined, signal: AbortSignal) => Promise<Permit>;
}

/** The `ctx` of one item. Its signal is made when it is first asked for: most items never do, and it costs more than they do. */
export class ItemContext implements Context {
  readonly index: number;
  readonly key: string;
  readonly attempt: number;
  readonly #shared: Shared;
  readonly #since: number;
  #signal: AbortSignal | undefined;
  /** Aborted when the item ends, and what it was granted; there once it has asked for a permit. */
  #calls: { readonly over: AbortController; readonly permits: Set<Permit> } | undefined;

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

  get signal(): AbortSignal {
    const { itemTimeout } = this.#shared;
    this.#signal ??=
      itemTimeout === undefined
        ? new AbortController().signal
        : AbortSignal.timeout(Math.max(1, itemTimeout - (performance.now() - this.#since)));
    return this.#signal;
  }

  /** Also works for whoever takes it out of the context first. */
  get permit(): (cost?: PermitCost) => Promise<Permit> {
    return (cost) => this.#permit(cost);
  }

  async #permit(cost: PermitCost | undefined): Promise<Permit> {
    this.#calls ??= { over: new AbortController(), permits: new Set() };
    const { over, permits } = this.#calls;
    const permit = await this.#shared.permit(cost, AbortSignal.any([this.signal, over.signal]));
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

  /** The item has ended: whoever still waits need not, and calls that were not settled are. */
  end(): void {
    if (!this.#calls) return;
    this.#calls.over.abort(new Error('the item has ended'));
    for (const permit of this.#calls.permits) permit.settle();
  }

  /** True when the item's time was over before it ended. */
  get timedOut(): boolean {
    return this.#signal?.aborted ?? false;
  }
}
