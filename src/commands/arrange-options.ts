import { sortKeys } from '../core/arrangement.ts';
import type { Option } from './option.ts';

const ROWS = 'Output:';
const OUTPUT = ['run', 'plan', 'resume', 'rerun', 'merge'] as const;

/** What is asked of the rows of an output beside being there. */
export const ARRANGE_OPTIONS = {
  unique: {
    kind: 'names',
    flag: 'unique',
    arg: 'A,B',
    group: ROWS,
    verbs: OUTPUT,
    describe: 'refuse to merge rows that have the same values in these columns; they are listed in FILE.refused.csv',
  },
  sort: {
    kind: 'names',
    flag: 'sort',
    arg: 'A,B:desc',
    group: ROWS,
    verbs: OUTPUT,
    describe:
      'sort the merged rows by these columns: as numbers where all values of a column are, else by code point; equal ones stay in order',
    check: (text) => sortKeys(text.split(',').map((name) => name.trim())),
    fallback: 'item order',
  },
  validate: {
    kind: 'text',
    flag: 'validate',
    arg: 'SCHEMA.json',
    group: ROWS,
    verbs: OUTPUT,
    describe: 'refuse to merge rows that do not fit this JSON Schema; they are listed in FILE.refused.csv',
  },
} as const satisfies Readonly<Record<string, Option>>;
