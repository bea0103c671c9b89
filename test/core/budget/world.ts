import { Budget, type Grant, type Settled } from '../../../src/core/budget.ts';
import type { BudgetSpec } from '../../../src/core/budget-spec.ts';
import { type Cost, LATE, Pace } from '../../../src/core/pace.ts';

/** What happens to a grant: it fires so late (ms), is handed back, or its child dies before. */
export type Fate = { readonly late: number } | 'returned' | 'dies';

export interface WorldOptions {
  readonly spec: BudgetSpec;
  readonly share: number;
  readonly children: number;
  readonly cost: (call: number) => Cost;
  readonly fate: (grant: number) => Fate;
  /** Milliseconds that a call takes, and how it goes. */
  readonly call: (at: number) => { readonly ms: number; readonly outcome: Settled };
  /** Each child has so many items that call at a time. */
  readonly each: number;
  readonly until: number;
}

export interface Fired extends Cost {
  readonly at: number;
  readonly child: number;
  readonly outcome: Settled;
}

/** Children, their calls and time, played through without any of them. What the children send reaches the parent a millisecond later. */
export function play({ spec, share, children, cost, fate, call, each, until }: WorldOptions): {
  fired: Fired[];
  budget: Budget;
  most: number;
} {
  const budget = new Budget('default', spec, new Pace(spec, share));
  const fired: Fired[] = [];
  const events: { at: number; do: () => void }[] = [];
  let now = 1000;
  let ids = 0;
  let grants = 0;
  let flying = 0;
  let most = 0;
  let paused = -Infinity;
  const dead = new Set<number>();
  const costs = new Map<number, Cost>();
  const later = (ms: number, what: () => void): void => {
    const at = now + ms;
    let place = events.length;
    while (place > 0 && (events[place - 1]?.at ?? 0) > at) place--;
    events.splice(place, 0, { at, do: what });
  };
  const ask = (child: number): void => {
    if (dead.has(child)) return;
    const id = ++ids;
    const wanted = cost(id);
    costs.set(id, wanted);
    budget.ask(child, id, wanted, now);
    serve();
  };
  const fire = ({ child, id, at }: Grant): void => {
    if (dead.has(child)) return;
    const wanted = costs.get(id) ?? { requests: 1, tokens: 0 };
    if (at < paused) {
      later(1, () => {
        budget.returned(child, id, now, true);
        serve();
      });
      return;
    }
    const left = now;
    const { ms, outcome } = call(left);
    fired.push({ at: left, child, ...wanted, ...(outcome.tokens === undefined ? {} : { tokens: outcome.tokens }), outcome });
    flying += 1;
    most = Math.max(most, flying);
    later(1, () => {
      if (dead.has(child)) return;
      budget.fired(child, id, left);
      serve();
    });
    later(ms + 2, () => {
      flying -= 1;
      if (dead.has(child)) return;
      if (budget.settled(child, id, outcome, now)) paused = budget.pausedUntil;
      serve();
      ask(child);
    });
  };
  let wake = Infinity;
  const serve = (): void => {
    const given = budget.grants(now);
    wake = given.wakeAt;
    for (const grant of given.grants) {
      const what = fate(grants++);
      const slot = Math.max(0, grant.at - now);
      if (what === 'dies') {
        later(slot / 2, () => {
          if (dead.has(grant.child)) return;
          dead.add(grant.child);
          budget.gone(grant.child, now);
          serve();
          // A fresh child asks anew; what the dead one had in flight goes on at the server.
          for (let n = 0; n < each; n++) later(5, () => ask(grant.child + 1000));
        });
      } else if (what === 'returned') {
        later(slot + LATE + 1, () => {
          if (dead.has(grant.child)) return;
          budget.returned(grant.child, grant.id, now, true);
          serve();
        });
      } else later(slot + Math.min(LATE, what.late), () => fire(grant));
    }
  };
  for (let child = 0; child < children; child++) for (let n = 0; n < each; n++) later(0, () => ask(child));
  for (;;) {
    const next = events[0]?.at ?? Infinity;
    now = Math.max(now, Math.min(next, wake));
    if (!(now < 1000 + until)) return { fired, budget, most };
    if (next <= wake) events.shift()?.do();
    else {
      wake = Infinity;
      serve();
    }
  }
}

/** The most that fired within any window of this length. */
export function mostIn(fired: readonly Fired[], ms: number, unit: 'requests' | 'tokens' = 'requests'): number {
  const calls = fired.toSorted((a, b) => a.at - b.at);
  let most = 0;
  let sum = 0;
  let from = 0;
  for (const call of calls) {
    sum += call[unit];
    // A millionth of a millisecond is the arithmetic's.
    while ((calls[from]?.at ?? Infinity) <= call.at - ms + 1e-6) sum -= calls[from++]?.[unit] ?? 0;
    most = Math.max(most, sum);
  }
  return most;
}
