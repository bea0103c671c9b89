import type { VerbName } from './option.ts';
import type { Settings } from './resolve.ts';

/** What a command is given. Positionals that were left out are `undefined`. */
export interface Input {
  readonly positionals: Readonly<Record<string, string | undefined>>;
  readonly settings: Settings;
}

/** Carries out a command; resolves with its exit code. */
type Command = (input: Input) => Promise<number>;

/** A verb of the command line: how it is described, and where it is. */
export interface Verb {
  readonly positionals: readonly { readonly name: string; readonly required?: true; readonly describe: string }[];
  readonly summary: string;
  /** What the help text says below the options. */
  readonly notes?: string;
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly load: () => Promise<Command>;
}

const RUN = { name: 'run', describe: 'name of the run; default: the latest' } as const;
const WORKER = {
  name: 'worker',
  describe: 'the worker module (.ts or .js); default: the worker of shardyard.yaml, else the shipped example',
} as const;
const SOURCES =
  'Each option may also be a variable (--batch-size: SHARDYARD_BATCH_SIZE) of the environment or of .env, or a key of the YAML file ' +
  '(batch-size or batchSize; parameters below "params:"; the worker as "worker:"). A flag beats the environment, that beats .env, ' +
  'that beats the file, that beats the worker. Only repeatable flags may be given more than once. Paths are relative to the current folder.\n\n' +
  'Durations: 500ms 2s 10m 1h. Sizes: 512MB 2GiB.';
const COMMANDS =
  'Behind -- any command, a process for each batch, without a shell. Placeholders: {items} (joined by commas), {itemsFile} (one a line), {start} and {end} ' +
  '(positions), {shard}, {batch}, {name} (no other process has it), {output} (a path to write to).';
const REMEMBERED =
  'A run remembers its options: what is not given here stays as it was. The environment and shardyard.yaml only say where runs are and how to show progress.';

/** All verbs, in the order of the help text. A module is loaded when its verb is used: start-up must stay quick. */
export const VERBS: Readonly<Record<VerbName, Verb>> = {
  run: {
    positionals: [WORKER],
    summary: 'plan, launch, watch and merge',
    notes: `${COMMANDS}\n\n${SOURCES}`,
    examples: [
      ['shardyard run', 'the shipped example on the shipped data'],
      ['shardyard run worker.ts --items data/symbols.txt -p 8 -o out.csv', 'eight children, one CSV'],
      [
        "shardyard run --items symbols.txt -p 10 --collect 'out/{name}.csv' -- node make.js {items} {name}",
        'any program instead of a worker',
      ],
      ['shardyard run worker.ts --items 0:4620 --param yearsBack=10 --item-timeout 30s', 'a range of items, a parameter, a limit'],
    ],
    load: async () => (await import('./run.ts')).run,
  },
  plan: {
    positionals: [WORKER],
    summary: 'print the shards and batches that run would make; or measure some items first',
    notes: `Takes every option of run, so that "run" can be replaced by "plan" in any command. A run that --calibrate or --freeze has made is taken over by "run" with the same worker, items and parameters, and by "resume".\n\n${SOURCES}`,
    examples: [
      ['shardyard plan worker.ts --items data/symbols.txt -p 8', 'who would do what'],
      ['shardyard plan worker.ts --json', 'the same for a program'],
      ['shardyard plan worker.ts --calibrate 20', 'do 20 items for real, and say what to expect of the rest'],
      ['shardyard plan worker.ts --shards 100 --freeze', 'make the run, for others to do its shards'],
    ],
    load: async () => (await import('./plan.ts')).plan,
  },
  resume: {
    positionals: [RUN],
    summary: 'finish an interrupted run: only what is not done',
    notes: REMEMBERED,
    examples: [
      ['shardyard resume', 'the latest run'],
      ['shardyard resume my-run -p 2', 'with two children instead'],
      ['shardyard resume my-run --items more.txt', 'with another list: what is done already is not done again'],
    ],
    load: async () => (await import('./resume.ts')).resume,
  },
  rerun: {
    positionals: [RUN],
    summary: 'do failed items, some shards or some items again, and merge again',
    notes: REMEMBERED,
    examples: [
      ['shardyard rerun', 'the failed items of the latest run'],
      ['shardyard rerun my-run --shards 0,3,5-9', 'these shards, whole'],
      ['shardyard rerun my-run --items AAPL,MSFT --item-timeout 5m', 'two items, with more time'],
    ],
    load: async () => (await import('./rerun.ts')).rerun,
  },
  shard: {
    positionals: [
      { name: 'run', describe: 'name of the run; may be left out: the latest' },
      { name: 'shards', describe: 'which shards, such as 7 or 0,3,5-9' },
    ],
    summary: 'do one shard alone, or some: what is not done of them',
    notes:
      'Committed as usual; what is not done of other shards stays as it is, and the rows are merged once nothing is left. Exit codes are those of run, for ' +
      'these shards. One session at a time works on a run: a second one is refused with exit code 2, and loses nothing.',
    examples: [
      ['shardyard shard big 7', 'one shard of the run big'],
      ['shardyard plan worker.ts --shards 100 --name big --freeze', 'make that run before, of a hundred shards'],
      ['shardyard resume big', 'do all others, and merge'],
    ],
    load: async () => (await import('./shard.ts')).shard,
  },
  replay: {
    positionals: [
      { name: 'run', describe: 'name of the run; may be left out: the latest' },
      { name: 'key', describe: 'key of the item' },
    ],
    summary: 'do one item again in the foreground, to look at it; nothing is committed',
    notes:
      'One child does the item with the parameters of the run, once. What the worker prints goes to stderr, the rows to stdout, as the run would write them. ' +
      'The run is not touched, and may be going on. Exit code 0 or 1: whether the item succeeded.',
    examples: [
      ['shardyard replay AAPL', 'an item of the latest run'],
      ['shardyard replay my-run AAPL --inspect', 'with a debugger'],
      ['shardyard replay my-run AAPL > rows.csv', 'only its rows'],
    ],
    load: async () => (await import('./replay.ts')).replay,
  },
  status: {
    positionals: [RUN],
    summary: 'shards with state, items, rows, attempts, memory; rate and time left',
    examples: [
      ['shardyard status', 'the latest run'],
      ['shardyard status my-run --json', 'for a program'],
    ],
    load: async () => (await import('./status.ts')).status,
  },
  ctl: {
    positionals: [
      RUN,
      { name: 'what', describe: 'pause, continue, processes N, retire SHARD, kill SHARD or stop' },
      { name: 'value', describe: 'the number or the shard' },
    ],
    summary: 'steer a run that is going on: pause, continue, processes N, retire SHARD, kill SHARD, stop',
    notes:
      'pause: nothing new is dispatched, children finish the batches that they have. processes: more or fewer children at a time; what is too many ' +
      'finishes its batch. retire: the shard’s child ends after its item, a fresh one goes on. kill: it is killed, its batch put back; costs no ' +
      'item a try. stop: as Ctrl-C in its own terminal.',
    examples: [
      ['shardyard ctl pause', 'the latest run'],
      ['shardyard ctl my-run processes 4', 'four children at a time from now on'],
      ['shardyard ctl my-run kill 3', 'the child that works at shard 3'],
    ],
    load: async () => (await import('./ctl.ts')).ctl,
  },
  logs: {
    positionals: [RUN, { name: 'shards', describe: 'which shards, such as 0,3,5-9; default: all' }],
    summary: 'print what the children of each shard printed',
    notes: 'With one argument that looks like shards (0,3,5-9) and is not the name of a run, the shards of the latest run.',
    examples: [
      ['shardyard logs -f', 'follow all shards of the latest run'],
      ['shardyard logs my-run 3', 'one shard'],
      ['shardyard logs 0,3,5-9', 'some shards of the latest run'],
    ],
    load: async () => (await import('./logs.ts')).logs,
  },
  merge: {
    positionals: [RUN],
    summary: 'merge again: elsewhere, to another format, or what is there so far',
    notes: REMEMBERED,
    examples: [
      ['shardyard merge my-run -o all.jsonl.gz', 'to another format'],
      ['shardyard merge --partial -o so-far.csv', 'what the latest run has done so far'],
    ],
    load: async () => (await import('./merge.ts')).merge,
  },
  runs: {
    positionals: [],
    summary: 'list runs: name, state, items, failed, when, how long',
    examples: [
      ['shardyard runs', ''],
      ['shardyard runs --json', 'for a program'],
    ],
    load: async () => (await import('./runs.ts')).runs,
  },
  clean: {
    positionals: [{ name: 'run', required: true, describe: 'name of the run' }],
    summary: "delete a run's folders, after asking",
    notes: 'A run that is going on is refused. An output outside of the run’s folder stays.',
    examples: [['shardyard clean my-run --yes', 'without asking']],
    load: async () => (await import('./clean.ts')).clean,
  },
  convert: {
    positionals: [
      { name: 'file', required: true, describe: 'file to convert: .xlsx (a file for each sheet), .parquet, .csv, .json or .jsonl' },
    ],
    summary: 'convert a workbook sheet by sheet, or another file of records, to Parquet, CSV or NDJSON',
    notes:
      'A run like any other, with an item for each sheet: it has logs, can be resumed, and its output lists the files with rows and checksums. Rows keep their order.',
    examples: [
      ['shardyard convert ticks.xlsx --to parquet --out-dir data/parquet --header-row 3', 'a Parquet file for each sheet'],
      ['shardyard convert prices.csv --to parquet', 'one file'],
    ],
    load: async () => (await import('./convert.ts')).convert,
  },
  cache: {
    positionals: [{ name: 'what', required: true, describe: 'stats, clear or verify' }],
    summary: 'look at what calls of APIs have left in the cache, clear it, or check every entry of it',
    examples: [
      ['shardyard cache stats', 'how much is in data/cache'],
      ['shardyard cache clear --cache redis://127.0.0.1 --yes', 'all entries in a Redis, without asking'],
      ['shardyard cache verify --json', 'every entry against its checksum; damaged ones are taken out'],
    ],
    load: async () => (await import('./cache.ts')).cache,
  },
  init: {
    positionals: [{ name: 'name', describe: 'name of the worker; default: worker' }],
    summary: 'write a small worker, its test and a config to start from',
    examples: [['shardyard init prices', 'writes prices.ts, prices.test.ts and shardyard.yaml']],
    load: async () => (await import('./init.ts')).init,
  },
};

/** Whether a word is a verb. */
export function isVerb(word: string): word is VerbName {
  return Object.hasOwn(VERBS, word);
}
