import { type BudgetSpec, DAY, type RateLimit } from './budget-spec.ts';

/** A child whose slot is later than this (ms) hands it back instead of firing. */
export const LATE = 25;
/** So far (ms) a stall may be made up for; more would be a burst. */
const CATCH_UP = 20;

/** What one call counts for. */
export interface Cost {
  readonly requests: number;
  readonly tokens: number;
}

/** A call in the log. Its time is not known before its child says when it left: until then it may have been up to `LATE` after its slot. */
export interface Entry {
  readonly slot: number;
  firedAt: number | undefined;
  requests: number;
  tokens: number;
  readonly number: number;
}

/** So much in any window of this length (ms). */
export interface Room {
  readonly unit: RateLimit['unit'];
  readonly room: number;
  readonly ms: number;
}

/** A window and what of the log is in it: entries before `head` have left. */
interface Window extends Room {
  head: number;
  sum: number;
}

/** When the next call may leave. Not `firm`: it depends on a call whose time is not known yet, and may turn out to be earlier. */
export interface Next {
  readonly at: number;
  readonly firm: boolean;
}

/** Says when calls may leave: this machine's own log, or slots leased from one that several machines share. */
export interface Pacer {
  /** The part of the rate that adaptation leaves. */
  factor: number;
  next(cost: Cost, now: number): Next;
  /** Notes that a call was granted a time that `next` gave. */
  take(cost: Cost, slot: number): Entry;
  /** When a call left. */
  fired(entry: Entry, at: number): void;
  /** A call that was granted did not leave. */
  untake(entry: Entry, now: number): void;
  /** A call has used another number of tokens than was reserved for it. */
  correct(entry: Entry, tokens: number): void;
  /** No call leaves before this time. */
  hold(until: number): void;
}

/**
 * The times at which calls may leave: evenly spaced (GCRA, so that no server sees bursts), and never more than a limit allows in any window
 * (an exact log, so that a stall is not made up for beyond it). All times in milliseconds on one monotonic clock. Days are not counted here.
 */
export class Pace implements Pacer {
  readonly #windows: Window[];
  /** Milliseconds that a request and a token take at full rate. */
  readonly #perRequest: number;
  readonly #perToken: number;
  readonly #log: Entry[] = [];
  /** Number of the first entry in the log. */
  #first = 0;
  #next = -Infinity;
  /** No call before this time, whatever comes back. */
  #held = -Infinity;
  factor = 1;

  constructor({ limits, minDelay }: Pick<BudgetSpec, 'limits' | 'minDelay'>, share: number) {
    const rates = limits.filter(({ windowMs }) => windowMs < DAY);
    this.#windows = roomsOf({ limits: rates, ...(minDelay === undefined ? {} : { minDelay }) }, share).map((room) => ({
      ...room,
      head: 0,
      sum: 0,
    }));
    this.#perRequest = spacingOf(rates, 'request', share);
    this.#perToken = spacingOf(rates, 'token', share);
  }

  /** When a call of this cost may leave, `now` at the earliest. */
  next(cost: Cost, now: number): Next {
    let at = Math.max(this.#next, this.#held, now);
    let firm = true;
    for (const window of this.#windows) {
      this.#expire(window, now);
      let over = window.sum + Math.min(amount(cost, window.unit), window.room) - window.room;
      for (let number = window.head; over > 0 && number < this.#first + this.#log.length; number++) {
        const entry = this.#entry(number);
        const size = amount(entry, window.unit);
        if (size === 0) continue;
        over -= size;
        const leaves = (entry.firedAt ?? entry.slot + LATE) + window.ms;
        if (leaves <= at) continue;
        at = leaves;
        firm = entry.firedAt !== undefined || now >= entry.slot + LATE;
      }
    }
    return { at, firm };
  }

  take({ requests, tokens }: Cost, slot: number): Entry {
    const entry: Entry = { slot, firedAt: undefined, requests, tokens, number: this.#first + this.#log.length };
    this.#log.push(entry);
    for (const window of this.#windows) window.sum += amount(entry, window.unit);
    this.#next = Math.max(this.#next, slot - CATCH_UP) + this.#time(entry);
    if (this.#windows.length === 0 || this.#log.length % 1024 === 0) this.#compact();
    return entry;
  }

  fired(entry: Entry, at: number): void {
    entry.firedAt ??= at;
  }

  untake(entry: Entry, now: number): void {
    this.#next = Math.max(now - CATCH_UP, this.#next - this.#time(entry));
    this.#change(entry, { requests: 0, tokens: 0 });
  }

  correct(entry: Entry, tokens: number): void {
    this.#next += ((tokens - entry.tokens) * this.#perToken) / this.factor;
    this.#change(entry, { requests: entry.requests, tokens });
  }

  hold(until: number): void {
    this.#held = Math.max(this.#held, until);
  }

  #time({ requests, tokens }: Cost): number {
    return Math.max(requests * this.#perRequest, tokens * this.#perToken) / this.factor;
  }

  #change(entry: Entry, to: Cost): void {
    for (const window of this.#windows) if (entry.number >= window.head) window.sum += amount(to, window.unit) - amount(entry, window.unit);
    entry.requests = to.requests;
    entry.tokens = to.tokens;
  }

  #expire(window: Window, now: number): void {
    while (window.head < this.#first + this.#log.length) {
      const entry = this.#entry(window.head);
      if ((entry.firedAt ?? entry.slot + LATE) + window.ms > now) return;
      window.sum -= amount(entry, window.unit);
      window.head++;
    }
  }

  #entry(number: number): Entry {
    const entry = this.#log[number - this.#first];
    if (!entry) throw new Error(`there is no entry ${number} in the log`);
    return entry;
  }

  /** Forgets what has left every window. */
  #compact(): void {
    const head = Math.min(this.#first + this.#log.length, ...this.#windows.map((window) => window.head));
    this.#log.splice(0, head - this.#first);
    this.#first = head;
  }
}

const amount = (cost: Cost, unit: RateLimit['unit']): number => (unit === 'request' ? cost.requests : cost.tokens);

/** How much any window has room for. Many calls: fewer of them. Few: as many in a longer window, since a twentieth of 5 calls is none. */
export function roomsOf({ limits, minDelay }: Pick<BudgetSpec, 'limits' | 'minDelay'>, share: number): Room[] {
  const rooms = limits.map(({ max, windowMs: ms, unit }): Room => {
    if (ms >= DAY) return { unit, room: max, ms };
    return max * share >= 20 ? { unit, room: Math.floor(max * share), ms } : { unit, room: max, ms: ms / share };
  });
  return minDelay === undefined ? rooms : [...rooms, { unit: 'request', room: 1, ms: minDelay }];
}

/** Milliseconds from one request or token to the next at full rate. A day may be used up at once. */
export function spacingOf(limits: readonly RateLimit[], unit: RateLimit['unit'], share: number): number {
  const rates = limits.filter((limit) => limit.unit === unit && limit.windowMs < DAY);
  return Math.max(0, ...rates.map(({ max, windowMs }) => windowMs / (max * share)));
}
