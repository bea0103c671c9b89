import type { Option } from './option.ts';

const SESSION = ['run', 'plan', 'resume', 'rerun'] as const;
const CALLS = 'Calls of APIs:';

/** What a run does with the answers of APIs, and how much of them it may ask for. Part of `RUN_OPTIONS`. */
export const CALL_OPTIONS = {
  cache: {
    kind: 'text',
    flag: 'cache',
    arg: 'DIR|URL|off',
    group: CALLS,
    verbs: [...SESSION, 'cache'],
    describe: 'where answers of ctx.call and ctx.cache are kept for all processes and later runs: a folder, redis://…, or off',
    fallback: 'data/cache',
  },
  cacheTtl: {
    kind: 'duration',
    least: 1,
    neutral: 'forever',
    flag: 'cache-ttl',
    arg: 'T',
    group: CALLS,
    verbs: SESSION,
    describe: 'how long they hold, where the worker does not say',
    fallback: 'forever',
  },
  cacheSize: {
    kind: 'size',
    flag: 'cache-size',
    arg: 'SIZE',
    group: CALLS,
    verbs: [...SESSION, 'cache'],
    describe: 'the most that the folder keeps; what has not been used for longest goes first',
    fallback: '2GB',
  },
  maxCalls: {
    kind: 'integer',
    least: 1,
    neutral: 'off',
    flag: 'max-calls',
    arg: 'N',
    group: CALLS,
    verbs: SESSION,
    describe: 'stop, resumable, when the run has sent so many requests in all its sessions',
    fallback: 'off',
  },
  maxTokens: {
    kind: 'integer',
    least: 1,
    neutral: 'off',
    flag: 'max-tokens',
    arg: 'N',
    group: CALLS,
    verbs: SESSION,
    describe: 'the same for the tokens that the worker tells',
    fallback: 'off',
  },
  maxCost: {
    kind: 'amount',
    neutral: 'off',
    flag: 'max-cost',
    arg: 'X',
    group: CALLS,
    verbs: SESSION,
    describe: 'the same for the money that the worker tells, in its own currency',
    fallback: 'off',
  },
} as const satisfies Readonly<Record<string, Option>>;
