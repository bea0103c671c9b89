/** What one call is expected to take of an API's budget. */
export interface PermitCost {
  /** Which budget, where there are several. */
  readonly budget?: string;
  /** Requests; default 1. */
  readonly requests?: number;
  /** Tokens, as far as they are known before. */
  readonly tokens?: number;
}

/** The leave to make one call. */
export interface Permit {
  /** How long it took to be given, in milliseconds. */
  readonly waitedMs: number;
  /** Tells how the call ended, so that tokens are counted right and a 429 pauses everybody. */
  settle(outcome?: {
    readonly status?: number;
    readonly tokens?: number;
    readonly retryAfterMs?: number;
    readonly headers?: Headers | Readonly<Record<string, string>>;
  }): void;
}
