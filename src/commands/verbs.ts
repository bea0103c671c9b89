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
const REMEMBERED =
  'A run remembers its options: what is not given here stays as it was. The environment and shardyard.yaml only say where runs are and how to show progress.';

/** All verbs, in the order of the help text. A module is loaded when its verb is used: start-up must stay quick. */
export const VERBS: Readonly<Record<VerbName, Verb>> = {
  run: {
    positionals: [WORKER],
    summary: 'plan, launch, watch and merge',
    notes: SOURCES,
    examples: [
      ['shardyard run', 'the shipped example on the shipped data'],
      ['shardyard run worker.ts --items data/symbols.txt -p 8 -o out.csv', 'eight children, one CSV'],
      ['shardyard run worker.ts --items 0:4620 --param yearsBack=10 --item-timeout 30s', 'a range of items, a parameter, a limit'],
    ],
    load: async () => (await import('./run.ts')).run,
  },
  plan: {
    positionals: [WORKER],
    summary: 'print the shards and batches that run would make; launch nothing',
    notes: `Takes every option of run, so that "run" can be replaced by "plan" in any command.\n\n${SOURCES}`,
    examples: [
      ['shardyard plan worker.ts --items data/symbols.txt -p 8', 'who would do what'],
      ['shardyard plan worker.ts --json', 'the same for a program'],
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
  status: {
    positionals: [RUN],
    summary: 'shards with state, items, rows, attempts, memory; rate and time left',
    examples: [
      ['shardyard status', 'the latest run'],
      ['shardyard status my-run --json', 'for a program'],
    ],
    load: async () => (await import('./status.ts')).status,
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
