import { setTimeout as sleep } from 'node:timers/promises';
import { BudgetSpentError } from '../core/call-error.ts';
import type { CallFailure } from '../core/call-failure.ts';
import { type CallStats, countCall } from '../core/call-stats.ts';
import type { CallContext, CallOptions } from '../core/calling.ts';
import type { Permit } from '../core/permit.ts';
import type { Amounts } from '../core/spending.ts';
import { send, type Sent } from './call-try.ts';
import type { Caller } from './caller.ts';
import { durationOf } from './durations.ts';
import type { Port } from './port.ts';

const TIMEOUT = 120_000;
const RETRIES = 3;
const BACKOFF = 2000;
const LONGEST_BACKOFF = 60_000;
/** A timer that is to take longer fires at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
/** How long 429s may hold a call up. */
const MAX_WAIT = 600_000;

export interface Surroundings {
  readonly item: Caller;
  /** The sums to count in: other ones once they were taken. */
  readonly stats: () => CallStats;
  readonly port: Port;
  /** Whether every request has to be reserved. */
  readonly isLimited: boolean;
}

/** A call that failed, after as many requests as 429s made of one try. */
interface Failed {
  readonly ok: false;
  readonly error: unknown;
  readonly failure: CallFailure;
}
type Outcome<T> = { readonly ok: true; readonly value: T } | Failed;

/** For p-retry, which gives up at once on a TypeError. */
class FailedTry extends Error {
  readonly outcome: Failed;

  constructor(outcome: Failed) {
    super(outcome.failure.message);
    this.outcome = outcome;
  }
}

/** Makes a call until it succeeds or fails for good. Rejects with what was thrown at last. */
export class CallTries<T> {
  readonly #options: CallOptions<T>;
  readonly #make: (context: CallContext) => T | Promise<T>;
  readonly #around: Surroundings;
  readonly #backoff: number;
  readonly #timeout: number;
  readonly #maxWait: number;
  #requests = 0;
  /** Milliseconds for which it has waited for permits: the rate's, not the 429s'. */
  #queued = 0;

  constructor(options: CallOptions<T>, make: (context: CallContext) => T | Promise<T>, around: Surroundings) {
    this.#options = options;
    this.#make = make;
    this.#around = around;
    this.#backoff = durationOf(options.backoff ?? BACKOFF, 'backoff');
    this.#timeout = Math.min(LONGEST_TIMEOUT, durationOf(options.timeout ?? TIMEOUT, 'timeout'));
    this.#maxWait = durationOf(options.maxWait ?? MAX_WAIT, 'maxWait');
  }

  async run(): Promise<T> {
    const retries = this.#options.retries ?? RETRIES;
    let outcome = await this.#try();
    if (!outcome.ok && outcome.failure.kind === 'passing' && retries > 0) outcome = await this.#again(outcome, retries);
    if (outcome.ok) return outcome.value;
    throw outcome.error;
  }

  async #again(first: Failed, retries: number): Promise<Outcome<T>> {
    const { signal } = this.#around.item;
    // Imported on the first failure only: most children never need it.
    const { default: pRetry } = await import('p-retry');
    let since = performance.now();
    const attempt = async (number: number): Promise<Outcome<T>> => {
      const stats = this.#around.stats();
      if (number > 1) {
        stats.retries++;
        stats.waitedMs += performance.now() - since;
      }
      const outcome = number === 1 ? first : await this.#try();
      since = performance.now();
      if (!outcome.ok && outcome.failure.kind === 'passing') throw new FailedTry(outcome);
      return outcome;
    };
    try {
      return await pRetry(attempt, {
        retries,
        minTimeout: this.#backoff,
        maxTimeout: LONGEST_BACKOFF,
        factor: 2,
        randomize: true,
        signal,
        shouldRetry: ({ error }) => error instanceof FailedTry,
        onFailedAttempt: async ({ error, retryDelay, retriesLeft }) => {
          // A server that is busy may say for how long.
          const more = error instanceof FailedTry ? (error.outcome.failure.retryAfterMs ?? 0) - retryDelay : 0;
          if (retriesLeft > 0 && more > 0) await sleep(Math.min(more, LONGEST_BACKOFF), undefined, { signal });
        },
      });
    } catch (error) {
      if (error instanceof FailedTry) return error.outcome;
      throw error;
    }
  }

  /** One try, which 429s do not end: the call waits as long as the server wants, then has it again. */
  async #try(): Promise<Outcome<T>> {
    const { signal } = this.#around.item;
    const [began, queued] = [performance.now(), this.#queued];
    for (let limited = 0; ; limited++) {
      const sent = await this.#request();
      if (sent.ok) return sent;
      if (sent.failure.kind !== 'limited') return sent;
      const asked = sent.failure.retryAfterMs;
      // Whoever refuses again has not asked for enough, least of all with `Retry-After: 0`.
      const grown = asked !== undefined && limited === 0 ? 0 : this.#backoff * 2 ** (asked === undefined ? limited : limited - 1);
      const pause = Math.max(asked ?? 0, Math.min(LONGEST_BACKOFF, grown * (1 + Math.random())));
      const before = performance.now();
      if (before - began - (this.#queued - queued) + pause > this.#maxWait) return sent;
      await sleep(pause, undefined, { signal });
      this.#around.stats().waitedMs += performance.now() - before;
    }
  }

  /** Reserves, waits for a permit, sends one request, and tells everybody how that went. */
  async #request(): Promise<Sent<T>> {
    const { item, stats } = this.#around;
    item.signal.throwIfAborted();
    const reserved = await this.#reserve();
    let permit: Permit;
    try {
      permit = await item.permit(this.#options.cost);
    } catch (error) {
      this.#settle(reserved, { unused: true });
      throw error;
    }
    stats().waitedMs += permit.waitedMs;
    this.#queued += permit.waitedMs;
    const sent = await send(this.#make, { attempt: ++this.#requests, signal: item.signal, timeout: this.#timeout });
    const { spent, headers } = sent;
    const failure = sent.ok ? undefined : sent.failure;
    // Broken off with its item, it has not failed.
    const isBrokenOff = item.signal.aborted && failure?.status === undefined;
    countCall(stats(), sent.ms, isBrokenOff ? undefined : failure?.label);
    stats().tokens += spent.tokens ?? 0;
    stats().cost += spent.cost ?? 0;
    this.#settle(reserved, spent);
    permit.settle({
      ...(sent.ok ? { status: 200 } : failure?.status === undefined ? {} : { status: failure.status }),
      ...(spent.tokens === undefined ? {} : { tokens: spent.tokens }),
      ...(failure?.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
      ...(headers === undefined ? {} : { headers }),
    });
    // The item's time is over: that is no fault of the call's.
    item.signal.throwIfAborted();
    return sent;
  }

  async #reserve(): Promise<Amounts | undefined> {
    const { port, item, isLimited } = this.#around;
    if (!isLimited) return undefined;
    const { expected, cost } = this.#options;
    const tokens = expected?.tokens ?? cost?.tokens;
    const answer = await port.ask({
      what: 'reserve',
      ...(tokens === undefined ? {} : { tokens }),
      ...(expected?.cost === undefined ? {} : { cost: expected.cost }),
    });
    if (answer.what === 'granted') return answer.amounts;
    const refusal = new BudgetSpentError(answer.what === 'refused' ? answer.why : `the parent answered ${answer.what}`);
    item.withdrawn = refusal;
    throw refusal;
  }

  #settle(reserved: Amounts | undefined, took: { readonly tokens?: number; readonly cost?: number; readonly unused?: true }): void {
    if (reserved) this.#around.port.tell({ what: 'settle', reserved, ...took });
  }
}
