/** Amounts of the three things that can be limited for a run. */
export interface Amounts {
  readonly calls: number;
  readonly tokens: number;
  readonly cost: number;
}

/** The most that a run may spend, in all its sessions. */
export type SpendingLimits = { readonly [Name in keyof Amounts]?: number };

/** The flags that set them. */
export const LIMIT_FLAGS: Readonly<Record<keyof Amounts, string>> = { calls: '--max-calls', tokens: '--max-tokens', cost: '--max-cost' };

const NAMES = ['calls', 'tokens', 'cost'] as const;
const WARN_AT = 0.8;
/** What is taken ahead in the journal, as a share of the limit: a parent that is killed loses no more than this of the budget. */
const AHEAD = 0.01;

export const NOTHING: Amounts = { calls: 0, tokens: 0, cost: 0 };

/** What an attempt to reserve came to. */
export type Reservation =
  | { readonly ok: true; readonly amounts: Amounts }
  /** `limit`: what does not suffice. */
  | { readonly ok: false; readonly limit: keyof Amounts };

/**
 * What a run has spent against `--max-calls`, `--max-tokens` and `--max-cost`. Every call reserves before it is made and says afterwards what it really
 * took; a call that never says so, as its child died, has taken what it reserved.
 */
export class Spending {
  readonly #limits: SpendingLimits;
  #spent: Amounts;
  /** Expected, of calls that are under way. */
  #reserved: Amounts = NOTHING;
  /** The sums of this session's finished calls, for the mean. */
  #finished: Amounts = NOTHING;
  readonly #warned = new Set<keyof Amounts>();

  constructor(limits: SpendingLimits, spent: Amounts) {
    this.#limits = limits;
    this.#spent = spent;
  }

  /** True where anything is limited. */
  get isLimited(): boolean {
    return NAMES.some((name) => this.#limits[name] !== undefined);
  }

  /** What is spent, what is under way counted as expected. */
  get total(): Amounts {
    return add(this.#spent, this.#reserved);
  }

  /** Reserves one call. What nobody expects is the mean of the calls before. */
  reserve(expected: { readonly tokens?: number | undefined; readonly cost?: number | undefined }): Reservation {
    const { calls, tokens, cost } = this.#finished;
    const amounts: Amounts = {
      calls: 1,
      tokens: expected.tokens ?? (calls > 0 ? tokens / calls : 0),
      cost: expected.cost ?? (calls > 0 ? cost / calls : 0),
    };
    const next = add(this.total, amounts);
    // What is spent to the last is over as well, where a call is expected to take nothing.
    const limit = NAMES.find(
      (name) => next[name] > (this.#limits[name] ?? Infinity) || this.total[name] >= (this.#limits[name] ?? Infinity),
    );
    if (limit) return { ok: false, limit };
    this.#reserved = add(this.#reserved, amounts);
    return { ok: true, amounts };
  }

  /** A call is over: what it really took; left out, what was reserved. */
  settle(reserved: Amounts, took: { readonly tokens?: number | undefined; readonly cost?: number | undefined }): void {
    const real: Amounts = { calls: reserved.calls, tokens: took.tokens ?? reserved.tokens, cost: took.cost ?? reserved.cost };
    this.#reserved = add(this.#reserved, reserved, -1);
    this.#spent = add(this.#spent, real);
    if (reserved.calls > 0) this.#finished = add(this.#finished, real);
  }

  /** A reserved call was never made. */
  giveBack(reserved: Amounts): void {
    this.#reserved = add(this.#reserved, reserved, -1);
  }

  /** Adds what an item says it spent beside its calls. */
  spend(took: { readonly tokens?: number | undefined; readonly cost?: number | undefined }): void {
    this.#spent = add(this.#spent, { calls: 0, tokens: took.tokens ?? 0, cost: took.cost ?? 0 });
  }

  /** The limits of which four fifths are gone; each is told once. */
  nearing(): { readonly name: keyof Amounts; readonly spent: number; readonly limit: number }[] {
    return NAMES.flatMap((name) => {
      const limit = this.#limits[name];
      const spent = this.total[name];
      if (limit === undefined || spent < WARN_AT * limit || this.#warned.has(name)) return [];
      this.#warned.add(name);
      return [{ name, spent, limit }];
    });
  }

  /** What the journal is to say before more than `noted` is spent; `undefined` while that suffices. */
  noteAhead(noted: Amounts): Amounts | undefined {
    const { total } = this;
    if (NAMES.every((name) => this.#limits[name] === undefined || total[name] <= noted[name])) return undefined;
    const [calls, tokens, cost] = NAMES.map((name) =>
      Math.min(total[name] + AHEAD * (this.#limits[name] ?? 0), Math.max(total[name], this.#limits[name] ?? 0)),
    );
    return { calls: Math.floor(calls ?? 0), tokens: tokens ?? 0, cost: cost ?? 0 };
  }
}

function add(a: Amounts, b: Amounts, sign = 1): Amounts {
  return { calls: a.calls + sign * b.calls, tokens: a.tokens + sign * b.tokens, cost: a.cost + sign * b.cost };
}
