import { Permits } from '../../src/child/permits.ts';
import type { BudgetSettings, BudgetSpec } from '../../src/core/budget-spec.ts';
import { parseRate } from '../../src/core/budget-spec.ts';
import type { Permit, PermitCost } from '../../src/core/permit.ts';
import type { PermitAnswer, ToParent } from '../../src/ipc/messages.ts';
import type { DayStore } from '../../src/services/day-store.ts';
import { Governor, type Shared } from '../../src/services/governor.ts';

export const spec = (rates: readonly string[], more: Partial<BudgetSpec> = {}): BudgetSpec => ({
  limits: rates.map((rate) => parseRate(rate)),
  adaptive: false,
  ...more,
});

export const settings = (named: Readonly<Record<string, BudgetSpec>>, share = 1): BudgetSettings => ({ share, named });

/** A child in this process, behind a channel that takes a turn of the loop each way. */
export class LocalChild {
  readonly #number: number;
  readonly #governor: Governor;
  readonly #permits: Permits;
  readonly #over = new AbortController();
  /** When each call left, exactly: what the child tells its parent. */
  readonly fired: number[];
  isDead = false;
  /** Messages to the parent, and from it. */
  told = 0;
  heard = 0;

  constructor(number: number, governor: Governor, fired: number[], options: { readonly isFree?: boolean } = {}) {
    this.#number = number;
    this.#governor = governor;
    this.fired = fired;
    const answer = (message: PermitAnswer): void =>
      void setImmediate(() => {
        this.heard++;
        if (!this.isDead) this.#permits.onMessage(message);
      });
    this.#permits = new Permits((message: ToParent) => {
      if (message.type !== 'permits' || this.isDead) return;
      this.told++;
      for (const [, at] of message.fired) fired.push(at);
      setImmediate(() => this.isDead || governor.onMessage(number, message));
    }, options);
    governor.join(number, answer);
  }

  async take(cost?: PermitCost, signal = this.#over.signal): Promise<Permit> {
    return this.#permits.take(cost, signal);
  }

  /** Calls, so many at a time, until it is stopped; each takes so many milliseconds. */
  work(each: number, ms: number, cost?: PermitCost): void {
    const call = async (): Promise<void> => {
      while (!this.#over.signal.aborted && !this.isDead) {
        const permit = await this.take(cost);
        await new Promise((resolve) => setTimeout(resolve, ms));
        permit.settle({ status: 200 });
      }
    };
    for (let n = 0; n < each; n++) void call().catch(() => undefined);
  }

  stop(): void {
    this.#over.abort(new Error('over'));
    this.#permits.flush();
  }

  /** As after `kill -9`: it says nothing any more, and the parent hears of it. */
  die(): void {
    this.#permits.flush();
    this.isDead = true;
    setImmediate(() => this.#governor.gone(this.#number));
  }
}

export function governorOf(
  named: Readonly<Record<string, BudgetSpec>>,
  more: { readonly share?: number; readonly days?: DayStore; readonly shared?: Shared; readonly warn?: (message: string) => void } = {},
): Governor {
  const { share = 1, days, shared, warn = () => undefined } = more;
  return new Governor({ settings: settings(named, share), warn, ...(shared ? { shared } : {}), ...(days ? { days } : {}) });
}

/** The most of these times within any window of this length (ms). */
export function mostIn(times: readonly number[], ms: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  let most = 0;
  let from = 0;
  for (const [at, time] of sorted.entries()) {
    // Half a microsecond is the rounding's.
    while ((sorted[from] ?? Infinity) <= time - ms + 0.0005) from++;
    most = Math.max(most, at - from + 1);
  }
  return most;
}

/** Settles when something holds; looks every 20 ms. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
