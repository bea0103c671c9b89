import type { Option } from './option.ts';

const COMMAND = 'Output of a command (run … -- COMMAND):';
const PLANNING = ['run', 'plan'] as const;

/** A command instead of a worker module, and its output. A run remembers them: they cannot change. */
export const COMMAND_OPTIONS = {
  command: {
    kind: 'list',
    flag: 'command',
    arg: 'COMMAND',
    group: COMMAND,
    verbs: [],
    describe: 'a command and its arguments, instead of a worker module',
  },
  collect: {
    kind: 'text',
    flag: 'collect',
    arg: 'PATH',
    group: COMMAND,
    verbs: PLANNING,
    describe: "where the output of a process appears, such as 'out/{name}.csv'; -: its stdout",
    fallback: 'what it is handed as {output}',
  },
  collectAs: {
    kind: 'rows',
    flag: 'collect-as',
    arg: 'HOW',
    group: COMMAND,
    verbs: PLANNING,
    describe:
      'how it is read: csv (with a header), json (an array of objects, or an object a line) or parquet (row groups are copied as they are)',
    fallback: 'by its ending, else csv',
  },
  itemColumn: {
    kind: 'text',
    flag: 'item-column',
    arg: 'NAME',
    group: COMMAND,
    verbs: PLANNING,
    describe: 'the column that has the key of the row’s item: tells the rows of several items in one process apart',
  },
  columns: {
    kind: 'names',
    flag: 'columns',
    arg: 'A,B,C',
    group: COMMAND,
    verbs: PLANNING,
    describe: 'the columns that every output must have, in this order',
    fallback: 'as in the first output',
  },
} as const satisfies Readonly<Record<string, Option>>;
