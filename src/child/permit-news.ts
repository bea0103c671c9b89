import type { Settled } from '../core/budget.ts';
import type { PermitNews, ToParent } from '../ipc/messages.ts';

/** Milliseconds for which a wish waits for others, and for which other news may wait. */
const WISHES = 5;
const OTHER = 20;

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] extends readonly (infer Each)[] ? Each[] : T[Field] };

/** What a child has to say of its permits, a few at a time: a message costs the parent more than what is in it. */
export class News {
  readonly #send: (message: ToParent) => void;
  #news = nothing();
  #due = Infinity;
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  /** Whether others wait for calls of this child to leave and to end. */
  prompt = false;

  constructor(send: (message: ToParent) => void) {
    this.#send = send;
  }

  /** `alone`: nobody else waits, so that nothing of the parent's is on its way. */
  wanted(id: number, budget: string, requests: number, tokens: number, alone: boolean): void {
    this.#news.wanted.push([id, budget, requests, tokens]);
    this.#flushIn(alone ? 0 : WISHES);
  }

  fired(id: number, at: number): void {
    this.#news.fired.push([id, at]);
    this.#flushIn(this.prompt ? 0 : OTHER);
  }

  settled(settled: { readonly id: number } & Settled): void {
    this.#news.settled.push(settled);
    // Whoever is about to call has to hear of a pause first.
    if (settled.retryAfterMs !== undefined || settled.status === 429) this.flush();
    else this.#flushIn(this.prompt ? 0 : OTHER);
  }

  limited(budget: string, settled: Settled): void {
    this.#news.limited.push({ budget, ...settled });
    this.flush();
  }

  returned(id: number): void {
    this.#news.returned.push(id);
    this.#flushIn(0);
  }

  cancelled(id: number): void {
    this.#news.cancelled.push(id);
    this.#flushIn(0);
  }

  flush(): void {
    this.#clear();
    const news = this.#news;
    if (Object.values(news).every((list) => list.length === 0 || typeof list === 'string')) return;
    this.#news = nothing();
    this.#send(news);
  }

  /** At the end of this turn of the loop, or later. */
  #flushIn(ms: number): void {
    if (ms >= this.#due) return;
    this.#clear();
    this.#due = ms;
    this.#timer = ms === 0 ? setImmediate(() => this.flush()) : setTimeout(() => this.flush(), ms);
  }

  #clear(): void {
    if (this.#due === 0) clearImmediate(this.#timer as NodeJS.Immediate);
    else clearTimeout(this.#timer as NodeJS.Timeout | undefined);
    this.#due = Infinity;
  }
}

const nothing = (): Mutable<PermitNews> => ({
  type: 'permits',
  wanted: [],
  fired: [],
  settled: [],
  returned: [],
  cancelled: [],
  limited: [],
});
