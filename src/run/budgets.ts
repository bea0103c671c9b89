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
  type RateLimit,
} from '../core/budget-spec.ts';
import { UserError } from '../core/errors.ts';
import type { LaunchOptions } from '../core/options.ts';
import { DayStore } from '../services/day-store.ts';
import { Governor, isDaily } from '../services/governor.ts';
import { shareOver } from '../services/redis-budget.ts';
import type { RunSettings } from '../store/manifest.ts';
import { cacheSpec } from './caching.ts';

type Given = Pick<LaunchOptions, 'rate' | 'minDelay' | 'maxInFlight' | 'headroom' | 'budget'>;

type Settings = Pick<RunSettings, 'budgets' | 'cache'>;

/** The budgets of a run: those that were there (the worker's, or what the run remembers), changed by what the user gives now. */
export function budgetsOf(given: Given, before: BudgetSettings | undefined): BudgetSettings | undefined {
  const budgets = (given.budget ?? []).filter((text) => !isRedisUrl(text)).map((text) => parseBudget(text));
  const redis = given.budget?.findLast((text) => isRedisUrl(text)) ?? before?.redis;
  const named: Record<string, BudgetSpec> = { ...before?.named, ...Object.fromEntries(budgets.map(({ name, spec }) => [name, spec])) };
  const { rate, minDelay, maxInFlight } = given;
  if (rate !== undefined || minDelay !== undefined || maxInFlight !== undefined) {
    named[DEFAULT_BUDGET] = {
      ...(named[DEFAULT_BUDGET] ?? { limits: [], adaptive: true }),
      ...(rate === undefined
        ? {}
        : {
            limits: replaced(
              named[DEFAULT_BUDGET]?.limits ?? [],
              rate.map((text) => parseRate(text)),
            ),
          }),
      ...(minDelay === undefined ? {} : { minDelay: positive(minDelay, 'minDelay') }),
      ...(maxInFlight === undefined ? {} : { maxInFlight: positive(maxInFlight, 'maxInFlight') }),
    };
  }
  const share = given.headroom === undefined ? (before?.share ?? DEFAULT_SHARE) : 1 - parseHeadroom(given.headroom);
  if (Object.keys(named).length === 0 && redis === undefined) return undefined;
  return { share, ...(redis === undefined ? {} : { redis }), named };
}

/** Limits of requests do not lift those of tokens, nor the other way round. */
function replaced(before: readonly RateLimit[], given: readonly RateLimit[]): RateLimit[] {
  return [...before.filter(({ unit }) => !given.some((limit) => limit.unit === unit)), ...given];
}

function positive(value: number, name: string): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new UserError(`${name}: ${value} would allow nothing`, { hint: 'give a number above 0, or leave it out' });
}

/**
 * Opens the budgets of a session; throws a `UserError` where they cannot be kept. Daily ones are kept in the folder of the cache, where it is
 * one: whoever shares the cache shares them.
 */
export async function openGovernor({ budgets: settings, cache }: Settings, dataDir: string): Promise<Governor & { warnings: Warnings }> {
  const warnings = new Warnings();
  const warn = (message: string): void => warnings.say(message);
  const shared = settings?.redis === undefined ? undefined : await shareOver(settings.redis, warn);
  const daily = !shared && Object.values(settings?.named ?? {}).some((spec) => isDaily(spec));
  const spec = cacheSpec(cache);
  const days = daily && (await DayStore.open(spec.kind === 'sqlite' ? spec.folder : join(dataDir, 'cache'), warn));
  const governor = new Governor({ settings, warn, ...(shared ? { shared } : {}), ...(days ? { days } : {}) });
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
