import type { Option } from './option.ts';

const SESSION = ['run', 'plan', 'resume', 'rerun'] as const;
const PLACE = ['run', 'plan', 'resume', 'rerun', 'status', 'logs', 'merge', 'runs', 'clean', 'cache'] as const;
const ROWS = 'Output:';
const REST = 'General:';

/** Where runs are. From every source, for every verb. */
export const PLACE_OPTIONS = {
  dataDir: {
    kind: 'text',
    flag: 'data-dir',
    arg: 'DIR',
    group: REST,
    verbs: PLACE,
    describe: 'where runs are kept, in DIR/runs',
    fallback: 'data',
  },
  logsDir: {
    kind: 'text',
    flag: 'logs-dir',
    arg: 'DIR',
    group: REST,
    verbs: PLACE,
    describe: 'where their logs are kept',
    fallback: 'logs',
  },
} as const satisfies Readonly<Record<string, Option>>;

/** How the command line itself behaves. From every source, for every verb. */
export const SHOW_OPTIONS = {
  progress: {
    kind: 'progress',
    flag: 'progress',
    arg: 'HOW',
    group: REST,
    verbs: SESSION,
    describe: 'auto (bar on a terminal, else plain), bar, plain, json (events as NDJSON on stdout) or none',
    fallback: 'auto',
  },
} as const satisfies Readonly<Record<string, Option>>;

/** Says where the YAML file is, and can therefore not be in it. */
export const CONFIG_OPTION = {
  config: {
    kind: 'text',
    flag: 'config',
    arg: 'FILE',
    group: REST,
    verbs: PLACE,
    describe: 'YAML file with options',
    fallback: 'shardyard.yaml, where there is one',
  },
} as const satisfies Readonly<Record<string, Option>>;

/** Flags of single verbs, from the command line only. */
export const VERB_OPTIONS = {
  failed: {
    kind: 'flag',
    flag: 'failed',
    group: 'What to do again:',
    verbs: ['rerun'],
    describe: 'failed items and shards only (what happens without any of these three)',
  },
  againShards: {
    kind: 'text',
    flag: 'shards',
    arg: 'SET',
    group: 'What to do again:',
    verbs: ['rerun'],
    describe: 'these shards, whole, such as 0,3,5-9',
  },
  againItems: {
    kind: 'text',
    flag: 'items',
    arg: 'KEYS',
    group: 'What to do again:',
    verbs: ['rerun'],
    describe: 'the items with these keys, such as AAPL,MSFT; keys with a comma as a JSON array',
  },
  keep: { kind: 'flag', flag: 'keep', group: 'When the worker has changed:', verbs: ['resume'], describe: 'keep the rows that are there' },
  fresh: {
    kind: 'flag',
    flag: 'fresh',
    group: 'When the worker has changed:',
    verbs: ['resume'],
    describe: 'throw the rows away and do every item again',
  },
  partial: {
    kind: 'flag',
    flag: 'partial',
    group: ROWS,
    verbs: ['merge'],
    describe: 'merge what is done of an unfinished run; without --output to NAME.partial.csv and the like, beside its own output',
  },
  follow: {
    kind: 'flag',
    flag: 'follow',
    alias: 'f',
    group: REST,
    verbs: ['logs'],
    describe: 'go on with what is logged from now on, until the run ends',
  },
  json: { kind: 'flag', flag: 'json', group: REST, verbs: ['plan', 'status', 'runs', 'cache'], describe: 'print JSON instead of a table' },
  yes: { kind: 'flag', flag: 'yes', alias: 'y', group: REST, verbs: ['clean', 'cache'], describe: 'do not ask' },
} as const satisfies Readonly<Record<string, Option>>;
