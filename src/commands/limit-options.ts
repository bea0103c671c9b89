import type { Option } from './option.ts';

const CARRY_OUT = ['run', 'plan', 'resume', 'rerun', 'shard'] as const;
const CARE = 'Failures and limits:';

/** What a child may take, of time and of memory, before it is warned of and ended. */
export const LIMIT_OPTIONS = {
  itemTimeout: {
    kind: 'duration',
    least: 1,
    neutral: 'off',
    flag: 'item-timeout',
    arg: 'T',
    group: CARE,
    verbs: CARRY_OUT,
    describe: 'the longest that an item may take',
    fallback: 'off',
  },
  batchTimeout: {
    kind: 'duration',
    least: 1,
    flag: 'batch-timeout',
    arg: 'T',
    group: CARE,
    verbs: CARRY_OUT,
    describe: 'the longest that a batch may take',
    fallback: '1h',
  },
  stallTimeout: {
    kind: 'duration',
    least: 1000,
    neutral: 'off',
    flag: 'stall-timeout',
    arg: 'T',
    group: CARE,
    verbs: CARRY_OUT,
    describe: 'the longest that a child may be without a heartbeat: its event loop is blocked, or it does not run at all',
    fallback: 'off',
  },
  maxRss: {
    kind: 'size',
    neutral: 'off',
    flag: 'max-rss',
    arg: 'SIZE',
    group: CARE,
    verbs: CARRY_OUT,
    describe: 'memory over which a child is retired after its item; at 1.5 times it, it is ended',
    fallback: 'off',
  },
  memoryFree: {
    kind: 'size',
    neutral: 'off',
    flag: 'memory-free',
    arg: 'SIZE',
    group: CARE,
    verbs: CARRY_OUT,
    describe: 'available memory below which nothing new begins; below half of it the youngest child is ended and its batch put back',
    fallback: 'off',
  },
} as const satisfies Readonly<Record<string, Option>>;
