import { isRedisUrl, parseBudget, parseHeadroom, parseRate } from '../core/budget-spec.ts';
import type { Option } from './option.ts';

const SESSION = ['run', 'plan', 'resume', 'rerun'] as const;
const CALLS = 'Calls to APIs, over all children:';

/** The limits of what the children call together; part of `RUN_OPTIONS`. */
export const BUDGET_OPTIONS = {
  rate: {
    kind: 'list',
    check: parseRate,
    flag: 'rate',
    plural: 'rates',
    arg: 'N/s|N/min|N/day',
    group: CALLS,
    verbs: SESSION,
    describe: 'the most calls, or with 90000tokens/min tokens, in any second, minute or 24 hours; repeatable. A day is kept across runs',
    fallback: 'off',
  },
  minDelay: {
    kind: 'duration',
    least: 1,
    neutral: 'off',
    flag: 'min-delay',
    arg: 'T',
    group: CALLS,
    verbs: SESSION,
    describe: 'the least time between two calls',
    fallback: 'off',
  },
  maxInFlight: {
    kind: 'integer',
    least: 1,
    neutral: 'off',
    flag: 'max-in-flight',
    arg: 'N',
    group: CALLS,
    verbs: SESSION,
    describe: 'the most calls at a time',
    fallback: 'off',
  },
  headroom: {
    kind: 'text',
    check: parseHeadroom,
    flag: 'headroom',
    arg: 'P%',
    group: CALLS,
    verbs: SESSION,
    describe: 'the part of every rate by the second or minute that stays unused, since servers count on arrival',
    fallback: '5%',
  },
  budget: {
    kind: 'list',
    check: (text) => isRedisUrl(text) || parseBudget(text),
    flag: 'budget',
    plural: 'budgets',
    arg: 'NAME:LIMITS',
    group: CALLS,
    verbs: SESSION,
    describe:
      'a budget by name: gemini:8/s,1000/min,delay=50ms,in-flight=4; or redis://HOST:PORT, where several machines share all budgets; repeatable',
  },
} as const satisfies Readonly<Record<string, Option>>;
