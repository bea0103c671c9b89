import { type Adaptive, fullRate, recovering, throttled } from './adaptive.ts';
import { type BudgetSpec, DAY } from './budget-spec.ts';
import { type BudgetView, GLANCE, lightOf, LONG_WAIT, perMinute } from './budget-view.ts';
import { FairQueue } from './fair-queue.ts';
import type { Cost, Entry, Pacer } from './pace.ts';
import { Usage } from './usage.ts';

/** So far ahead (ms) calls are granted: messages then come in good time, and a dead child takes no more with it. */
export const HORIZON = 50;
/** Who has waited for less (ms) has only waited for the messages. */
const NOTICED = 100;

/** Counts what is kept across runs. */
export interface DayCount {
  /** Of the last 24 hours. */
  used(): Cost;
  /** Counts a call; gives nothing, or, where the day has no room for it, the milliseconds until it has. */
  take(cost: Cost): number | undefined;
  /** It did not leave after all, or used fewer tokens. */
  giveBack(cost: Cost): void;
}

interface Ask {
  readonly id: number;
  readonly cost: Cost;
  readonly weight: number;
  readonly since: number;
}

interface Granted {
  readonly ask: Ask;
  readonly entry: Entry;
}

/** Leave for one call: which child's, and when. */
export interface Grant {
  readonly child: number;
  readonly id: number;
  readonly at: number;
}

/** How a call went. */
export interface Settled {
  readonly status?: number;
  readonly tokens?: number;
  /** Milliseconds for which the API wants no calls. */
  readonly retryAfterMs?: number;
}

/**
 * One budget: who waits for it, who was granted what, and when the next call may leave. All times in milliseconds on the machine's
 * monotonic clock; children are numbers, permits have a number of their child's.
 */
export class Budget {
  readonly name: string;
  readonly spec: BudgetSpec;
  readonly #pacer: Pacer;
  readonly #day: DayCount | undefined;
  readonly #queue = new FairQueue<Ask>();
  readonly #granted = new Map<number, Map<number, Granted>>();
  readonly #usage = { calls: new Usage(), tokens: new Usage(), throttled: new Usage() };
  readonly #totals = { calls: 0, tokens: 0, throttled: 0, waitedMs: 0, mostRpm: 0 };
  #adaptive: Adaptive = fullRate;
  #inFlight = 0;
  #pausedUntil = -Infinity;
  #limitedBy: BudgetView['limitedBy'] = null;
  #begunAt: number | undefined;
  /** Until when the day has no room for a call; another run that has the file for a moment says nothing about that. */
  #dayOverUntil = -Infinity;

  constructor(name: string, spec: BudgetSpec, pacer: Pacer, day?: DayCount) {
    this.name = name;
    this.spec = spec;
    this.#pacer = pacer;
    this.#day = day;
  }

  /** The costs of those whose turn is next. */
  wanted(count: number): Cost[] {
    return this.#queue.first(count).map(({ cost }) => cost);
  }

  /** What keeps calls from leaving, however short they have waited. */
  get limitedBy(): BudgetView['limitedBy'] {
    return this.#limitedBy;
  }

  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  ask(child: number, id: number, cost: Cost, now: number): void {
    this.#queue.add(child, { id, cost, weight: this.#weight(cost), since: now });
  }

  /** What may leave within the horizon, and when to look again. */
  grants(now: number): { readonly grants: Grant[]; readonly wakeAt: number } {
    const grants: Grant[] = [];
    if (this.spec.adaptive) this.#adaptive = recovering(this.#adaptive, now);
    this.#pacer.factor = this.#adaptive.factor;
    const wait = (limitedBy: BudgetView['limitedBy'], wakeAt: number): { grants: Grant[]; wakeAt: number } => {
      this.#limitedBy = limitedBy;
      return { grants, wakeAt };
    };
    for (;;) {
      const turn = this.#queue.peek();
      if (!turn) return wait(null, Infinity);
      const { asker: child, ask } = turn;
      if (this.#inFlight >= (this.spec.maxInFlight ?? Infinity)) return wait('in flight', Infinity);
      const next = this.#pacer.next(ask.cost, now);
      const why = next.at <= this.#pausedUntil ? 'pause' : 'rate';
      if (next.at > now + HORIZON) return wait(why, next.at - HORIZON / 2);
      // Who has to be first may be heard of at any moment.
      if (!next.firm) return wait(why, now + HORIZON / 2);
      const dayOver = this.#day?.take(ask.cost);
      this.#dayOverUntil = dayOver === undefined ? -Infinity : Math.max(this.#dayOverUntil, now + dayOver);
      if (dayOver !== undefined) return wait('day', now + Math.max(dayOver, HORIZON));
      this.#queue.shift();
      const entry = this.#pacer.take(ask.cost, next.at);
      this.#inFlight++;
      let own = this.#granted.get(child);
      if (!own) this.#granted.set(child, (own = new Map()));
      own.set(ask.id, { ask, entry });
      grants.push({ child, id: ask.id, at: next.at });
    }
  }

  /** A call has left. Gives how long it had waited. */
  fired(child: number, id: number, at: number): number {
    const granted = this.#granted.get(child)?.get(id);
    if (!granted) return 0;
    const { entry, ask } = granted;
    this.#pacer.fired(entry, at);
    this.#begunAt ??= at;
    this.#usage.calls.add(at, ask.cost.requests);
    this.#usage.tokens.add(at, ask.cost.tokens);
    const waited = Math.max(0, at - ask.since);
    this.#totals.calls += ask.cost.requests;
    this.#totals.tokens += ask.cost.tokens;
    this.#totals.waitedMs += waited;
    this.#totals.mostRpm = Math.max(this.#totals.mostRpm, this.#usage.calls.sum(at));
    return waited;
  }

  /** A call is over. True when it has paused everybody, or for longer. */
  settled(child: number, id: number, { status, tokens, retryAfterMs }: Settled, now: number): boolean {
    const granted = this.#granted.get(child)?.get(id);
    if (!granted) return false;
    const { entry, ask } = granted;
    this.#release(child, id);
    if (tokens !== undefined && tokens !== entry.tokens) {
      this.#day?.giveBack({ requests: 0, tokens: entry.tokens - tokens });
      this.#pacer.correct(entry, tokens);
      this.#usage.tokens.add(now, tokens - ask.cost.tokens);
      this.#totals.tokens += tokens - ask.cost.tokens;
    }
    if (status === 429) this.refused(now, entry.firedAt ?? entry.slot);
    return retryAfterMs !== undefined && this.pause(now + retryAfterMs);
  }

  /** The API has refused a call (429) that left then. */
  refused(now: number, sentAt: number): void {
    this.#usage.throttled.add(now, 1);
    this.#totals.throttled++;
    if (this.spec.adaptive) this.#adaptive = throttled(this.#adaptive, now, sentAt);
  }

  /** Nobody's call leaves before then. True when that is news. */
  pause(until: number): boolean {
    if (until <= this.#pausedUntil) return false;
    this.#pausedUntil = until;
    this.#pacer.hold(until);
    return true;
  }

  /** A call did not leave in its time, but is still wanted; or no longer, granted or not. */
  returned(child: number, id: number, now: number, isWanted: boolean): void {
    const granted = this.#granted.get(child)?.get(id);
    if (granted) {
      this.#untake(granted, now);
      this.#release(child, id);
      if (isWanted) this.#queue.add(child, granted.ask, 'front');
    } else if (!isWanted) this.#queue.remove(child, (ask) => ask.id === id);
  }

  /** A child is gone: what it was granted and had no time to use comes back, its calls are over. */
  gone(child: number, now: number): void {
    for (const [id, granted] of this.#granted.get(child) ?? []) {
      if (granted.entry.firedAt === undefined && granted.entry.slot > now) this.#untake(granted, now);
      this.#release(child, id);
    }
    this.#granted.delete(child);
    this.#queue.leave(child);
  }

  /** How long those of a child's calls that wait now have waited. */
  waiting(child: number, now: number): number {
    return this.#queue.of(child).reduce((sum, { since }) => sum + now - since, 0);
  }

  view(now: number): BudgetView {
    const { calls, tokens, throttled: refused } = this.#usage;
    const rpm = calls.sum(now);
    const tpm = tokens.sum(now);
    const used = this.#day?.used();
    const today = this.spec.limits.find(({ windowMs, unit }) => windowMs >= DAY && unit === 'request');
    const percents = this.spec.limits.map((limit) => {
      if (limit.windowMs >= DAY) return ((limit.unit === 'request' ? (used?.requests ?? 0) : (used?.tokens ?? 0)) / limit.max) * 100;
      const of = limit.unit === 'request' ? calls : tokens;
      const ms = limit.windowMs >= 60_000 ? 60_000 : Math.max(1000, Math.min(GLANCE, now - (this.#begunAt ?? now)));
      return (of.sum(now, ms) / ((limit.max * ms) / limit.windowMs)) * 100;
    });
    const percent = percents.length === 0 ? null : Math.max(...percents);
    const waits = this.#queue.peek();
    return {
      name: this.name,
      rpm,
      rpmLimit: perMinute(this.spec, 'request'),
      tpm,
      tpmLimit: perMinute(this.spec, 'token'),
      day: used && today ? { used: used.requests, limit: today.max } : null,
      percent,
      light: percent === null ? null : lightOf(percent),
      throttled: refused.sum(now),
      pausedMs: Math.max(0, this.#pausedUntil - now),
      freeAt: this.#dayOverUntil - now >= LONG_WAIT ? this.#dayOverUntil : null,
      waiting: this.#queue.size,
      inFlight: this.#inFlight,
      limitedBy: waits && now - waits.ask.since > NOTICED ? this.#limitedBy : null,
      factor: this.#adaptive.factor,
      totals: { ...this.#totals },
    };
  }

  #untake({ entry, ask }: Granted, now: number): void {
    this.#pacer.untake(entry, now);
    this.#day?.giveBack(ask.cost);
  }

  #release(child: number, id: number): void {
    if (this.#granted.get(child)?.delete(id)) this.#inFlight--;
  }

  /** How much of the budget a call takes, by whichever limit it takes most of. */
  #weight({ requests, tokens }: Cost): number {
    const tpm = perMinute(this.spec, 'token');
    const rpm = perMinute(this.spec, 'request') ?? Infinity;
    return tpm === null ? requests : Math.max(1e-9, requests / rpm, tokens / tpm) * (rpm === Infinity ? tpm / 1000 : rpm);
  }
}
