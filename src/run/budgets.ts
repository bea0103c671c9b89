import { join } from 'node:path';
import {
  type BudgetSettings,
  type BudgetSpec,
  DEFAULT_BUDGET,
  DEFAULT_SHARE,
  isRedisUrl,
  parseBudget,
  parseHeadroom,
  parseRate,
} from '../core/budget-spec.ts';
import { UserError } from '../core/errors.ts';
import type { LaunchOptions } from '../core/options.ts';
import { Governor } from '../services/governor.ts';
import { shareOver } from '../services/redis-budget.ts';

type Given = Pick<LaunchOptions, 'rate' | 'minDelay' | 'maxInFlight' | 'headroom' | 'budget'>;

/** The budgets of a run: those that were there (the worker's, or what the run remembers), changed by what the user gives now. */
export function budgetsOf(given: Given, before: BudgetSettings | undefined): BudgetSettings | undefined {
  const budgets = (given.budget ?? []).filter((text) => !isRedisUrl(text)).map((text) => parseBudget(text));
  const redis = given.budget?.findLast((text) => isRedisUrl(text)) ?? before?.redis;
  const named: Record<string, BudgetSpec> = { ...before?.named, ...Object.fromEntries(budgets.map(({ name, spec }) => [name, spec])) };
  const { rate, minDelay, maxInFlight } = given;
  if (rate !== undefined || minDelay !== undefined || maxInFlight !== undefined) {
    named[DEFAULT_BUDGET] = {
      ...(named[DEFAULT_BUDGET] ?? { limits: [], adaptive: true }),
      ...(rate === undefined ? {} : { limits: rate.map((text) => parseRate(text)) }),
      ...(minDelay === undefined ? {} : { minDelay: positive(minDelay, 'minDelay') }),
      ...(maxInFlight === undefined ? {} : { maxInFlight: positive(maxInFlight, 'maxInFlight') }),
    };
  }
  const share = given.headroom === undefined ? (before?.share ?? DEFAULT_SHARE) : 1 - parseHeadroom(given.headroom);
  if (Object.keys(named).length === 0 && redis === undefined) return undefined;
  return { share, ...(redis === undefined ? {} : { redis }), named };
}

function positive(value: number, name: string): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new UserError(`${name}: ${value} would allow nothing`, { hint: 'give a number above 0, or leave it out' });
}

/** Opens the budgets of a session; throws a `UserError` where they cannot be kept. */
export async function openGovernor(settings: BudgetSettings | undefined, dataDir: string): Promise<Governor & { warnings: Warnings }> {
  const warnings = new Warnings();
  const warn = (message: string): void => warnings.say(message);
  const shared = settings?.redis === undefined ? undefined : await shareOver(settings.redis, warn);
  const governor = new Governor({ settings, folder: join(dataDir, 'cache'), warn, ...(shared ? { shared } : {}) });
  return Object.assign(governor, { warnings });
}

/** What there is to warn of before anybody listens. */
export class Warnings {
  #held: string[] = [];
  #listener: ((message: string) => void) | undefined;

  say(message: string): void {
    if (this.#listener) this.#listener(message);
    else this.#held.push(message);
  }

  /** Hears everything from the beginning on. */
  listen(listener: ((message: string) => void) | undefined): void {
    this.#listener = listener;
    for (const message of listener ? this.#held.splice(0) : []) this.say(message);
  }
}
