/** What a call is charged to, and how much. */
export interface PermitCost {
  /** Default `default`. Others are declared by `budgets` in the worker, `--budget` or the configuration file. */
  readonly budget?: string;
  /** Default 1. */
  readonly requests?: number;
  /** An estimate, as good as it can be; `settle` corrects it. Default 0. */
  readonly tokens?: number;
}

/** Leave to make one call, now. */
export interface Permit {
  /** Milliseconds from asking to having it. */
  readonly waitedMs: number;
  /**
   * The call is over: gives back its place among the calls in flight, corrects the tokens, and reports what the API said. A 429, a
   * `Retry-After` or an `x-ratelimit-*` header with nothing left pauses everybody. What is not settled when its item ends is settled then.
   */
  settle(outcome?: PermitOutcome): void;
}

/** How a call went; a `Response` of `fetch` will do. */
export interface PermitOutcome {
  readonly status?: number;
  /** What the call has really used. */
  readonly tokens?: number;
  readonly retryAfterMs?: number;
  readonly headers?: Headers | Readonly<Record<string, string>>;
}
