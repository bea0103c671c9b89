import { addCalls, type CallStats, compactCalls, noCalls } from '../core/call-stats.ts';
import { unreachable } from '../core/errors.ts';
import { type Asker, Flights } from '../core/flights.ts';
import { formatCount } from '../core/quantities.ts';
import { type Amounts, LIMIT_FLAGS, Spending, type SpendingLimits } from '../core/spending.ts';
import type { CallAnswer, CallAsk } from '../ipc/call-messages.ts';

/** Milliseconds between two lines of the journal about calls. */
const EVERY = 5000;

export interface CallDeskOptions {
  readonly limits: SpendingLimits;
  /** What earlier sessions have spent. */
  readonly spent: Amounts;
  readonly answer: (child: number, id: number, answer: CallAnswer) => void;
  /** Writes the journal; what is returned from is written. */
  readonly record: (
    fact: { readonly type: 'called'; readonly calls: Partial<CallStats> } | ({ readonly type: 'reserved' } & Amounts),
  ) => void;
  readonly warn: (message: string) => void;
  /** The run may spend no more. */
  readonly onSpent: () => void;
}

/** The parent's side of `ctx.call`: who makes which call, what may still be spent, and what calls have come to. */
export class CallDesk {
  readonly #options: CallDeskOptions;
  readonly #flights = new Flights();
  readonly #spending: Spending;
  /** What the journal says of the spending, and what calls came to that it does not say yet. */
  #noted: Amounts;
  #unsaid = noCalls();
  #saidAt = 0;
  readonly #warned = new Set<string>();

  constructor(options: CallDeskOptions) {
    this.#options = options;
    this.#spending = new Spending(options.limits, options.spent);
    this.#noted = options.spent;
  }

  /** A child asks or tells something. */
  take(child: number, ask: CallAsk): void {
    switch (ask.what) {
      case 'join':
        for (const hash of ask.stored ?? []) this.take(child, { what: 'landed', hash, landing: { how: 'stored' } });
        if (this.#flights.join(ask.hash, { child, id: ask.id })) this.#own({ child, id: ask.id });
        return;
      case 'landed':
        for (const waiter of this.#flights.landed(ask.hash, child)) {
          this.#options.answer(waiter.child, waiter.id, { what: 'landed', landing: ask.landing });
        }
        return;
      case 'released': {
        const heir = this.#flights.released(ask.hash, child);
        if (heir) this.#own(heir);
        return;
      }
      case 'reserve':
        return this.#reserve({ child, id: ask.id }, ask);
      case 'settle':
        if (ask.unused) this.#spending.giveBack(ask.reserved);
        else this.#spending.settle(ask.reserved, ask);
        return this.#look();
      case 'spend':
        this.#spending.spend(ask);
        return this.#look();
      case 'warn':
        if (!this.#warned.has(ask.message)) this.#options.warn(ask.message);
        this.#warned.add(ask.message);
        return;
      default:
        return unreachable(ask);
    }
  }

  /** A child is gone: its calls are made by whoever waited for them. What it had reserved counts as spent. */
  leave(child: number): void {
    for (const heir of this.#flights.left(child)) this.#own(heir);
  }

  /** Adds what a child has counted. */
  count(calls: Partial<CallStats>): void {
    addCalls(this.#unsaid, calls);
  }

  /** Called every second: writes down what calls have come to, if it is time. */
  sample(now: number): void {
    if (now - this.#saidAt < EVERY) return;
    this.#saidAt = now;
    this.#say();
  }

  /** The session is over: writes down the rest, and what was really spent instead of what was taken ahead. */
  end(): void {
    this.#say();
    if (this.#spending.isLimited) this.#note(this.#spending.total);
  }

  #say(): void {
    const calls = compactCalls(this.#unsaid);
    this.#unsaid = noCalls();
    if (calls) this.#options.record({ type: 'called', calls });
  }

  #own({ child, id }: Asker): void {
    this.#options.answer(child, id, { what: 'own' });
  }

  /** Nothing is granted before the journal says that it may be spent: a parent that is killed never spends more in its next life. */
  #reserve({ child, id }: Asker, expected: { readonly tokens?: number; readonly cost?: number }): void {
    const reservation = this.#spending.reserve(expected);
    if (!reservation.ok) {
      const limit = this.#options.limits[reservation.limit] ?? 0;
      const flag = LIMIT_FLAGS[reservation.limit];
      const why = `${amount(this.#spending.total[reservation.limit])} of ${flag} ${amount(limit)} are spent: a resume with a larger ${flag} goes on`;
      this.take(child, { what: 'warn', message: why });
      this.#options.answer(child, id, { what: 'refused', why });
      return this.#options.onSpent();
    }
    this.#look();
    this.#options.answer(child, id, { what: 'granted', amounts: reservation.amounts });
  }

  #look(): void {
    const ahead = this.#spending.noteAhead(this.#noted);
    if (ahead) this.#note(ahead);
    for (const { name, spent, limit } of this.#spending.nearing()) {
      this.#options.warn(`${amount(spent)} of ${LIMIT_FLAGS[name]} ${amount(limit)} are spent`);
    }
  }

  #note(amounts: Amounts): void {
    this.#noted = amounts;
    this.#options.record({ type: 'reserved', ...amounts });
  }
}

const amount = (value: number): string => (Number.isInteger(value) ? formatCount(value) : value.toFixed(2));
