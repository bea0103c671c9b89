import type { CallStats } from '../core/call-stats.ts';
import type { Cache, CallContext, CallOptions, Spent } from '../core/calling.ts';
import type { Caller, ServicesOptions } from './caller.ts';
import type { Calls } from './calls.ts';

/** What a worker finds on `ctx` for API-bound work. Loaded when it is first used: most workers never do. */
export class Services {
  readonly #options: ServicesOptions;
  #loading: Promise<Calls> | undefined;
  #calls: Calls | undefined;

  constructor(options: ServicesOptions) {
    this.#options = options;
  }

  readonly cache: Cache = {
    get: async (key, options) => (await this.#load()).cache.get(key, options),
    set: async (key, value, options) => (await this.#load()).cache.set(key, value, options),
    delete: async (key, options) => (await this.#load()).cache.delete(key, options),
    wrap: async (key, make, options) => (await this.#load()).cache.wrap(key, make, options),
  };

  async call<T>(item: Caller, options: CallOptions<T>, make: (context: CallContext) => T | Promise<T>): Promise<T> {
    return (this.#calls ?? (await this.#load())).call(item, options, make);
  }

  spend(spent: Spent): void {
    void this.#load().then((calls) => calls.spend(spent));
  }

  /** What was counted since this was last asked for. */
  takeStats(): Partial<CallStats> | undefined {
    return this.#calls?.takeStats();
  }

  /** Lets go of what the calls have open. */
  async close(): Promise<void> {
    await (await this.#loading)?.close();
  }

  #load(): Promise<Calls> {
    return (this.#loading ??= import('./calls.ts').then((module) => {
      this.#calls = new module.Calls(this.#options);
      return this.#calls;
    }));
  }
}
