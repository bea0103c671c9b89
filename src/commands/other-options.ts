import type { Option } from './option.ts';

const SESSION = ['run', 'plan', 'resume', 'rerun', 'shard'] as const;
const PLACE = [...SESSION, 'status', 'ctl', 'logs', 'merge', 'runs', 'clean', 'cache', 'replay', 'convert'] as const;
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
    verbs: [...SESSION, 'convert'],
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
  calibrate: {
    kind: 'integer',
    least: 1,
    flag: 'calibrate',
    arg: 'N',
    group: 'Before a run:',
    verbs: ['plan'],
    describe: 'make the run, do N of its items, one at a time, and say what time, memory and output to expect; they count as done',
  },
  freeze: {
    kind: 'flag',
    flag: 'freeze',
    group: 'Before a run:',
    verbs: ['plan'],
    describe: 'make the run without doing anything of it: for `shardyard shard` on this machine or others, or for resume',
  },
  verify: {
    kind: 'flag',
    flag: 'verify',
    group: ROWS,
    verbs: ['run'],
    describe: 'do all of it again with one process, compare the bytes, and say where the time went; exit code 4 where they differ',
  },
  inspect: {
    kind: 'flag',
    flag: 'inspect',
    group: REST,
    verbs: ['replay'],
    describe: 'wait for a debugger before the worker is loaded (chrome://inspect, or attach to port 9229)',
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
  asIs: {
    kind: 'flag',
    flag: 'as-is',
    group: ROWS,
    verbs: ['merge'],
    describe: 'without the --unique, --sort and --validate that the run remembers',
  },
  to: {
    kind: 'text',
    flag: 'to',
    arg: 'FORMAT',
    group: ROWS,
    verbs: ['convert'],
    describe: 'parquet, csv or ndjson',
  },
  outDir: {
    kind: 'text',
    flag: 'out-dir',
    arg: 'DIR',
    group: ROWS,
    verbs: ['convert'],
    describe: 'where the files go; it is made if it is not there',
    fallback: 'the current folder',
  },
  headerRow: {
    kind: 'integer',
    least: 1,
    flag: 'header-row',
    arg: 'N',
    group: ROWS,
    verbs: ['convert'],
    describe: 'the row of each sheet that names the columns, counted from 1',
    fallback: '1',
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
