import type { Context, Log } from '../core/worker.ts';

/** What all items of an attempt share. */
export interface Shared {
  readonly shard: number;
  readonly batch: number;
  readonly params: unknown;
  readonly state: unknown;
  readonly log: Log;
  readonly itemTimeout: number | undefined;
}

/** The `ctx` of one item. Its signal is made when it is first asked for: most items never do, and it costs more than they do. */
export class ItemContext implements Context {
  readonly index: number;
  readonly key: string;
  readonly attempt: number;
  readonly #shared: Shared;
  readonly #since: number;
  #signal: AbortSignal | undefined;

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

  /** True when the item's time was over before it ended. */
  get timedOut(): boolean {
    return this.#signal?.aborted ?? false;
  }
}
