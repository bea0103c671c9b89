import type { Settled } from '../core/budget.ts';
import { DAY, DEFAULT_BUDGET } from '../core/budget-spec.ts';
import { LeavingError } from '../core/call-error.ts';
import { LATE } from '../core/pace.ts';
import { pauseOf } from '../core/rate-headers.ts';
import type { Permit, PermitCost, PermitOutcome } from '../core/permit.ts';
import { UnrecoverableError } from '../core/worker.ts';
import type { PermitAnswer, ToParent } from '../ipc/messages.ts';
import { monotonic } from '../ipc/monotonic.ts';
import { News } from './permit-news.ts';
import { isHeaders } from './web-types.ts';

/** Late by more (ms) than a timer usually is: the loop was blocked, and a pause may be among the messages that wait to be read. */
const BLOCKED = 3;
/** Whoever waits when the child is asked to end waits so long (ms) at most. */
const PATIENCE = 5000;

/** Somebody who waits: for a time, then, once that is granted, for that time to come. */
interface Waiter {
  readonly budget: string;
  readonly since: number;
  readonly settle: (permit: Permit | undefined, error?: unknown) => void;
  at: number | undefined;
}

/** Asks the parent for permits, on behalf of all items of a child, and holds them until their time has come. Imported when a worker first asks. */
export class Permits {
  readonly #news: News;
  readonly #waiting = new Map<number, Waiter>();
  readonly #pausedUntil = new Map<string, number>();
  #count = 0;
  /** Granted, by time. */
  #held: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** Whether calls of the default budget leave without asking: it has no limits, and the API has not wanted a pause yet. */
  #isFree: boolean;

  constructor(send: (message: ToParent) => void, { isFree = false }: { readonly isFree?: boolean } = {}) {
    this.#news = new News(send);
    this.#isFree = isFree;
  }

  /** Settles when a call may leave; rejects with the signal's reason when that is aborted before. */
  take(cost: PermitCost | undefined, signal: AbortSignal): Promise<Permit> {
    const { budget = DEFAULT_BUDGET, requests = 1, tokens = 0 } = cost ?? {};
    if (!Number.isSafeInteger(requests) || requests < 1)
      return Promise.reject(new UnrecoverableError(`a permit for ${requests} requests: give a whole number of at least 1`));
    if (!Number.isFinite(tokens) || tokens < 0)
      return Promise.reject(new UnrecoverableError(`a permit for ${tokens} tokens: give a number of at least 0`));
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#isFree && budget === DEFAULT_BUDGET) return Promise.resolve(permitOf(0, (settled) => this.#settledFreely(settled)));
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(id);
        this.#held = this.#held.filter((held) => held !== id);
        this.#news.cancelled(id);
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort, { once: true });
      const settle: Waiter['settle'] = (permit, error) => {
        signal.removeEventListener('abort', abort);
        this.#waiting.delete(id);
        if (permit) resolve(permit);
        else reject(error);
      };
      this.#waiting.set(id, { budget, since: monotonic(), settle, at: undefined });
      this.#news.wanted(id, budget, requests, Math.ceil(tokens), this.#waiting.size === 1);
      if (this.#isStopped) this.#giveUpLater(id);
    });
  }

  onMessage(message: PermitAnswer): void {
    switch (message.type) {
      case 'granted':
        this.#news.prompt = message.prompt;
        for (const [id, at] of message.slots) this.#hold(id, at);
        this.#held.sort((a, b) => this.#slot(a) - this.#slot(b));
        return this.#wait();
      case 'paused': {
        const { budget, until } = message;
        if (budget === DEFAULT_BUDGET) this.#isFree = false;
        this.#pausedUntil.set(budget, Math.max(until, this.#pausedUntil.get(budget) ?? 0));
        const early = this.#held.filter((id) => this.#waiting.get(id)?.budget === budget && this.#slot(id) < until);
        this.#held = this.#held.filter((id) => !early.includes(id));
        for (const id of early) this.#return(id);
        return this.#wait();
      }
      case 'refused':
        for (const id of message.ids) this.#waiting.get(id)?.settle(undefined, new UnrecoverableError(message.message));
        return;
    }
  }

  /** The child is asked to end: who waits gets a little longer, since an item in flight is to be finished. */
  stop(): void {
    this.#isStopped = true;
    for (const id of this.#waiting.keys()) this.#giveUpLater(id);
  }

  /** Sends what there is to say: the child is about to hand in its receipt. */
  flush(): void {
    this.#news.flush();
  }

  #giveUpLater(id: number): void {
    setTimeout(() => {
      const waiter = this.#waiting.get(id);
      if (!waiter) return;
      this.#held = this.#held.filter((held) => held !== id);
      this.#news.cancelled(id);
      waiter.settle(undefined, new LeavingError('the child is asked to end'));
    }, PATIENCE).unref();
  }

  #hold(id: number, at: number): void {
    const waiter = this.#waiting.get(id);
    // Whoever gave up has said so, and the parent takes the time back.
    if (!waiter) return;
    waiter.at = at;
    if (at < (this.#pausedUntil.get(waiter.budget) ?? 0)) this.#return(id);
    else this.#held.push(id);
  }

  #return(id: number): void {
    const waiter = this.#waiting.get(id);
    if (waiter) waiter.at = undefined;
    this.#news.returned(id);
  }

  #slot(id: number): number {
    return this.#waiting.get(id)?.at ?? Infinity;
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const [first] = this.#held;
    if (first === undefined) return;
    const left = Math.ceil(this.#slot(first) - monotonic());
    if (left <= 0) return this.#fire();
    this.#timer = setTimeout(() => {
      if (monotonic() - this.#slot(first) > BLOCKED) setImmediate(() => this.#fire());
      else this.#fire();
    }, left);
  }

  #fire(): void {
    const now = monotonic();
    while (this.#held.length > 0) {
      const [id = 0] = this.#held;
      const at = this.#slot(id);
      if (at > now) break;
      this.#held.shift();
      if (now > at + LATE) this.#return(id);
      else this.#grant(id, now);
    }
    this.#wait();
  }

  #grant(id: number, now: number): void {
    const waiter = this.#waiting.get(id);
    if (!waiter) return;
    this.#news.fired(id, now);
    waiter.settle(permitOf(now - waiter.since, (settled) => this.#news.settled({ id, ...settled })));
  }

  #settledFreely(settled: Settled): void {
    if (settled.status !== 429 && settled.retryAfterMs === undefined) return;
    this.#isFree = false;
    this.#news.limited(DEFAULT_BUDGET, settled);
  }
}

/** A permit that tells once how its call went. */
function permitOf(waitedMs: number, tell: (settled: Settled) => void): Permit {
  let isSettled = false;
  const settle = ({ status, tokens, retryAfterMs, headers }: PermitOutcome = {}): void => {
    if (isSettled) return;
    isSettled = true;
    const pause = retryAfterMs === undefined ? headers && pauseOf(readerOf(headers), status, Date.now()) : Math.min(retryAfterMs, DAY);
    tell({
      ...(status === undefined ? {} : { status }),
      ...(tokens === undefined ? {} : { tokens }),
      ...(pause === undefined ? {} : { retryAfterMs: pause }),
    });
  };
  return { waitedMs, settle };
}

function readerOf(headers: NonNullable<PermitOutcome['headers']>): (name: string) => string | undefined {
  if (isHeaders(headers)) return (name) => headers.get(name) ?? undefined;
  const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
  return (name) => byName.get(name);
}
