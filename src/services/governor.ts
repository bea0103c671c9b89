import { Budget, type Grant } from '../core/budget.ts';
import { type BudgetSettings, type BudgetSpec, DAY, DEFAULT_BUDGET } from '../core/budget-spec.ts';
import { type BudgetView, formatMinute, LONG_WAIT } from '../core/budget-view.ts';
import { suggest } from '../core/nearest.ts';
import { type Cost, Pace, type Pacer } from '../core/pace.ts';
import type { PermitAnswer, PermitNews } from '../ipc/messages.ts';
import { monotonic } from '../ipc/monotonic.ts';
import type { DayStore } from './day-store.ts';

const NO_LIMITS: BudgetSpec = { limits: [], adaptive: true };

/** Where a budget's times come from when several machines share it. */
export interface Shared {
  pacer(
    name: string,
    spec: BudgetSpec,
    share: number,
    ready: () => void,
  ): Pacer & {
    /** Leases times for these costs, unless enough are there. */
    refill(costs: readonly Cost[], now: number): void;
    /** Tells the other machines. */
    pause(until: number): void;
    onPaused(listener: (until: number) => void): void;
  };
  close(): Promise<void>;
}

type SharedPacer = ReturnType<Shared['pacer']>;

export interface GovernorOptions {
  readonly settings: BudgetSettings | undefined;
  /** Keeps daily budgets, where there are any that are not shared. */
  readonly days?: DayStore;
  readonly warn: (message: string) => void;
  readonly shared?: Shared;
}

interface Client {
  readonly send: (answer: PermitAnswer) => void;
  /** Whose permits these are, until they are settled. */
  readonly budgets: Map<number, Served>;
  waitedMs: number;
}

interface Served {
  readonly budget: Budget;
  readonly shared: SharedPacer | undefined;
  /** Whether news of a call matter at once. */
  readonly prompt: boolean;
  timer: NodeJS.Timeout | undefined;
  warnedAt: number;
}

/** Keeps the budgets of a run: answers the children that want to call, fairly, so that all of them together stay within the limits. */
export class Governor {
  readonly #options: GovernorOptions;
  readonly #clients = new Map<number, Client>();
  readonly #budgets = new Map<string, Served>();
  constructor(options: GovernorOptions) {
    this.#options = options;
    const { settings, days } = options;
    const named = Object.entries(settings?.named ?? {});
    const all = named.some(([name]) => name === DEFAULT_BUDGET) ? named : [[DEFAULT_BUDGET, NO_LIMITS] as const, ...named];
    for (const [name, spec] of all) this.#add(name, spec, isDaily(spec) ? days : undefined);
  }

  /** A child that `send` reaches: it hears of every pause. */
  join(child: number, send: (answer: PermitAnswer) => void): void {
    this.#clients.set(child, { send, budgets: new Map(), waitedMs: 0 });
    for (const { budget } of this.#budgets.values()) if (budget.pausedUntil > 0) send(pausedBy(budget));
  }

  /** What a child that has joined has to say of its permits. */
  onMessage(child: number, message: PermitNews): void {
    const now = monotonic();
    const client = this.#clients.get(child);
    if (!client) return;
    const touched = new Set<Served>();
    const of = (id: number): Served | undefined => {
      const served = client.budgets.get(id);
      if (served) touched.add(served);
      return served;
    };
    for (const [id, at] of message.fired) client.waitedMs += of(id)?.budget.fired(child, id, at) ?? 0;
    for (const { id, ...outcome } of message.settled) {
      const served = of(id);
      if (served?.budget.settled(child, id, outcome, now)) this.#pause(served, true);
      client.budgets.delete(id);
    }
    for (const { budget: name, status, retryAfterMs = 0 } of message.limited) {
      const served = this.#budgets.get(name);
      if (!served) continue;
      if (status === 429) served.budget.refused(now, now);
      if (served.budget.pause(now + retryAfterMs)) this.#pause(served, true);
    }
    for (const id of message.returned) of(id)?.budget.returned(child, id, now, true);
    for (const id of message.cancelled) {
      of(id)?.budget.returned(child, id, now, false);
      client.budgets.delete(id);
    }
    for (const [id, name, requests, tokens] of message.wanted) {
      const served = this.#budgets.get(name);
      const why = served ? this.#tooLarge(served.budget, { requests, tokens }) : this.#unknown(name);
      if (!served || why !== undefined) client.send({ type: 'refused', ids: [id], message: why ?? '' });
      else {
        client.budgets.set(id, served);
        touched.add(served);
        served.budget.ask(child, id, { requests, tokens }, now);
      }
    }
    for (const served of touched) this.#serve(served);
  }

  /** A child is gone, with whatever it was granted. */
  gone(child: number): void {
    if (!this.#clients.delete(child)) return;
    for (const served of this.#budgets.values()) {
      served.budget.gone(child, monotonic());
      this.#serve(served);
    }
  }

  /** The budgets that have limits or were used. */
  views(): BudgetView[] {
    const now = monotonic();
    const clock = Date.now() - now;
    return [...this.#budgets.values()]
      .map(({ budget }) => budget.view(now))
      .map((view) => (view.freeAt === null ? view : { ...view, freeAt: Math.round(clock + view.freeAt) }))
      .filter((view) => view.percent !== null || view.rpmLimit !== null || view.totals.calls + view.totals.throttled + view.waiting > 0);
  }

  /** How long a child's calls have waited in all, in milliseconds. */
  waited(child: number): number {
    const now = monotonic();
    const waiting = [...this.#budgets.values()].reduce((sum, { budget }) => sum + budget.waiting(child, now), 0);
    return (this.#clients.get(child)?.waitedMs ?? 0) + waiting;
  }

  /** No more calls are made: gives back what daily budgets were counted ahead. */
  async settle(): Promise<void> {
    await this.#options.days?.giveBack();
  }

  async close(): Promise<void> {
    for (const { timer } of this.#budgets.values()) clearTimeout(timer);
    await this.#options.days?.close();
    await this.#options.shared?.close();
  }

  #add(name: string, spec: BudgetSpec, days: DayStore | undefined): void {
    const share = this.#options.settings?.share ?? 1;
    const shared = this.#options.shared?.pacer(name, spec, share, () => this.#serve(served));
    const budget = new Budget(name, spec, shared ?? new Pace(spec, share), days?.count(name, spec));
    const few = spec.limits.some(({ max, windowMs }) => windowMs < DAY && max * share < 20);
    const prompt = few || spec.minDelay !== undefined || spec.maxInFlight !== undefined;
    const served: Served = { budget, shared, prompt, timer: undefined, warnedAt: -Infinity };
    this.#budgets.set(name, served);
    shared?.onPaused((until) => {
      // Clocks differ a little each time.
      if (until > budget.pausedUntil + 5 && budget.pause(until)) this.#pause(served, false);
    });
  }

  /** Hands out what may leave soon, and looks again in time. */
  #serve(served: Served): void {
    const { budget, shared, prompt } = served;
    const now = monotonic();
    const { grants, wakeAt } = budget.grants(now);
    for (const [child, own] of Map.groupBy(grants, (grant: Grant) => grant.child))
      this.#clients.get(child)?.send({ type: 'granted', prompt, slots: own.map(({ id, at }) => [id, Math.ceil(at * 1000) / 1000]) });
    shared?.refill(budget.wanted(MOST_LEASED), now);
    clearTimeout(served.timer);
    if (wakeAt === Infinity) return;
    served.timer = setTimeout(() => this.#serve(served), Math.min(LONG_WAIT, Math.max(1, wakeAt - now)));
    if (wakeAt - now >= LONG_WAIT) this.#warn(served, wakeAt - now);
  }

  #pause(served: Served, isOurs: boolean): void {
    const { budget, shared } = served;
    for (const { send } of this.#clients.values()) send(pausedBy(budget));
    if (isOurs) shared?.pause(budget.pausedUntil);
  }

  #warn(served: Served, ms: number): void {
    const now = monotonic();
    if (now - served.warnedAt < LONG_WAIT * 60) return;
    served.warnedAt = now;
    const { name, limitedBy } = served.budget;
    const why = limitedBy === 'day' ? 'has used what it may in 24 hours' : 'has to wait';
    this.#options.warn(
      `the budget ${name} ${why}: no call before ${formatMinute(Date.now() + ms)}; stop the run and resume it then, or let it wait`,
    );
  }

  #tooLarge({ name, spec }: Budget, cost: Cost): string | undefined {
    const over = spec.limits.find(({ unit, max }) => (unit === 'request' ? cost.requests : cost.tokens) > max);
    if (!over) return undefined;
    return `a call of ${cost.requests} requests and ${cost.tokens} tokens can never fit the budget ${name}, which allows ${over.max} ${over.unit}s at a time`;
  }

  #unknown(name: string): string {
    const known = [...this.#budgets.keys()];
    const hint = suggest(name, known) ?? `known are ${known.join(', ')}`;
    return `there is no budget ${JSON.stringify(name)}: ${hint}; declare it in the worker's \`budgets\`, or with --budget ${name}:LIMITS`;
  }
}

/** As many times as are leased from other machines' budget at once. */
const MOST_LEASED = 64;

const pausedBy = ({ name, pausedUntil }: Budget): PermitAnswer => ({ type: 'paused', budget: name, until: pausedUntil });

/** Whether a budget has to be kept across runs. */
export const isDaily = ({ limits }: BudgetSpec): boolean => limits.some(({ windowMs }) => windowMs >= DAY);
