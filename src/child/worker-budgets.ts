import { type BudgetSpec, parseDelay, parseRate } from '../core/budget-spec.ts';
import { UserError } from '../core/errors.ts';
import { suggest } from '../core/nearest.ts';
import type { AnyWorker, BudgetLimits } from '../core/worker.ts';

type Budgets = Readonly<Record<string, BudgetSpec>>;
type Refuse = (name: string, what: string, hint: string | undefined) => never;
const FIELDS: readonly (keyof BudgetLimits)[] = ['rate', 'minDelay', 'maxInFlight', 'adaptive'];

/** The budgets that a worker declares, checked. */
export function workerBudgets({ budgets }: AnyWorker, file: string): Budgets {
  const refuse: Refuse = (name, what, hint) => {
    throw new UserError(`the worker's \`budgets${name}\` ${what}`, { place: { file }, ...(hint === undefined ? {} : { hint }) });
  };
  const declared: unknown = budgets ?? {};
  if (!isRecord(declared)) return refuse('', 'is not an object', "write `budgets: { default: { rate: '8/s' } }`");
  return Object.fromEntries(Object.entries(declared).map(([name, limits]) => [name, specOf(`.${name}`, limits, refuse)]));
}

function specOf(name: string, limits: unknown, refuse: Refuse): BudgetSpec {
  if (!isRecord(limits)) return refuse(name, 'is not an object', "write `{ rate: ['8/s', '1000/min'] }`");
  const unknown = Object.keys(limits).find((field) => !FIELDS.some((known) => known === field));
  if (unknown !== undefined) refuse(`${name}.${unknown}`, 'is no limit of a budget', suggest(unknown, FIELDS));
  const { rate = [], minDelay, maxInFlight, adaptive = true } = limits;
  const read = <T>(field: string, parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return refuse(`${name}.${field}`, `: ${error.message}`, error.hint);
    }
  };
  if (maxInFlight !== undefined && !(Number.isInteger(maxInFlight) && Number(maxInFlight) > 0))
    refuse(`${name}.maxInFlight`, `is ${JSON.stringify(maxInFlight)}`, 'give a whole number of at least 1');
  if (typeof adaptive !== 'boolean') refuse(`${name}.adaptive`, `is ${JSON.stringify(adaptive)}`, 'give true or false');
  return {
    limits: [rate].flat().map((text) => read('rate', () => parseRate(String(text)))),
    ...(minDelay === undefined ? {} : { minDelay: read('minDelay', () => delayOf(minDelay)) }),
    ...(maxInFlight === undefined ? {} : { maxInFlight: Number(maxInFlight) }),
    adaptive: adaptive === true,
  };
}

const delayOf = (value: unknown): number => parseDelay(typeof value === 'number' ? `${value}ms` : String(value));

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
