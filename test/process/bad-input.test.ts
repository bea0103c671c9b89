import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ended } from '../cli/support.ts';
import { commandsOf } from '../support/commands.ts';
import { Place } from './support.ts';

const GOOD = "export default { columns: ['item'], process: (item) => ({ item: String(item) }) };\n";
const schema = (validate: string): string =>
  `export default { items: () => ['a'], params: { '~standard': { version: 1, vendor: 'test', validate: ${validate} } }, process() {} };\n`;
const YEARS = schema(
  "(given) => given.years === '-1' ? { issues: [{ path: ['years'], message: 'must be positive' }] } : { value: { years: 1 } }",
);

interface Case {
  readonly what: string;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly args: readonly string[];
  /** What the message has, in this order: the place, the thing, the way out. */
  readonly says: readonly string[];
}

const items = (what: string, name: string, content: string | Uint8Array, ...says: readonly string[]): Case => ({
  what,
  files: { [name]: content },
  args: ['w.mjs', '--items', name],
  says: [name, ...says],
});

const LISTS: readonly Case[] = [
  { what: 'a file that is not there', args: ['w.mjs', '--items', 'gone.csv'], says: ['gone.csv', 'no such file', 'mend the path'] },
  { what: 'a folder', files: { 'd.csv/x': '' }, args: ['w.mjs', '--items', 'd.csv'], says: ['d.csv', 'is a folder', 'name a file'] },
  items('no line', 'e.txt', '\n\n', 'there are no items', 'give at least one'),
  items('no record', 'e.csv', 'a,b\n', 'there are no items', 'give at least one'),
  items('no header', 'e.csv', '', 'is empty', 'a line of column names'),
  items('no element', 'e.json', '[]', 'there are no items', 'give at least one'),
  { what: 'an empty range', args: ['w.mjs', '--items', '5:5'], says: ['5:5', 'is empty', 'write'] },
  items('a key twice', 'd.txt', 'a\nb\na\n', ':3:', 'same key', '"a" (lines 1 and 3)', 'remove the repeated items'),
  {
    what: 'a field twice that is the key',
    files: { 'd.csv': 's,n\nA,1\nA,2\n' },
    args: ['w.mjs', '--items', 'd.csv', '--key', 's'],
    says: ['d.csv:3:', '"A" (lines 2 and 3)', '--key'],
  },
  {
    what: 'a field that no record has',
    files: { 'd.csv': 's,n\nA,1\n' },
    args: ['w.mjs', '--items', 'd.csv', '--key', 'symbol'],
    says: ['d.csv:2:', 'no field "symbol"', '--key'],
  },
  items('a short row', 'd.csv', 's,n\nA,1\nB\n', ':3:', '1 field, the header has 2', 'mend the row'),
  items('an open quote', 'd.csv', 's,n\nA,1\n"B,1\n', ':3:', 'double quote', 'write those inside it twice'),
  items('JSON with a bare word', 'd.json', '[\n  "a",\n  b\n]\n', ':3:3:', 'not JSON', 'mend it'),
  items('a line that is not JSON', 'd.jsonl', '"a"\n{"a":}\n', ':2:6:', 'not JSON', 'one JSON value a line'),
  items('another encoding', 'd.txt', Buffer.from([97, 10, 0xff, 10]), ':2:', 'UTF-8', 'save the file'),
];

const worker = (what: string, text: string, ...says: readonly string[]): Case => ({
  what,
  files: { 'bad.mjs': text },
  args: ['bad.mjs', '--items', 'a'],
  says: ['./bad.mjs', ...says],
});
const own = (what: string, text: string, ...says: readonly string[]): Case => ({ ...worker(what, text, ...says), args: ['bad.mjs'] });

const WORKERS: readonly Case[] = [
  { what: 'one that is not there', args: ['gone.ts', '--items', 'a'], says: ['./gone.ts', 'no such worker', 'shardyard init'] },
  { what: 'a folder', files: { 'd.mjs/x': '' }, args: ['d.mjs', '--items', 'a'], says: ['./d.mjs', 'cannot be read', 'give the path'] },
  worker('one that does not parse', '\nexport default { process( };\n', ':2:', 'does not parse', 'mend the syntax'),
  {
    what: 'an import that does not parse',
    files: { 'bad.mjs': 'import "./helper.mjs";\nexport default { process() {} };\n', 'helper.mjs': '\n\nconst = 3;\n' },
    args: ['bad.mjs', '--items', 'a'],
    says: ['./helper.mjs:3:', 'does not parse', 'mend the syntax'],
  },
  {
    what: 'TypeScript that does not parse',
    files: { 'bad.ts': '\nconst a: = 1;\nexport default { process() {} };\n' },
    args: ['bad.ts', '--items', 'a'],
    says: ['./bad.ts:2:', 'does not parse', 'mend the syntax'],
  },
  worker('no default export', 'export const a = 1;\n', 'no default export', 'export default'),
  worker('no process', 'export default { items: () => [] };\n', 'no function `process`', 'export default'),
  worker('one that throws', '\nthrow new Error("no database");\n', ':2:', 'no database', 'mend what the module does'),
  worker('bad JSON in one', '\nJSON.parse("{");\n', ':2:', 'cannot be imported', 'mend what the module does'),
  worker('an import that is not there', 'import "nowhere";\n', "Cannot find package 'nowhere'", 'install what it imports'),
  worker('one that ends its process', 'process.exit(0);\n', 'ended with exit code 0', 'must not end the process'),
  worker('columns twice', "export default { columns: ['a', 'b', 'a'], process() {} };\n", '`columns` has "a" twice', 'once'),
  { what: 'no items', args: ['w.mjs'], says: ['./w.mjs', 'no items of its own', '--items'] },
  own('items that throw', '\nexport default { items() { throw new Error("no net"); }, process() {} };\n', ':2:', 'no net', 'mend'),
  own('items that are none', 'export default { items() {}, process() {} };\n', '`items` gave undefined', 'return'),
  own('items that are a text', 'export default { items: () => "abc", process() {} };\n', '`items` gave a text', 'return'),
  own('a key that throws', '\nexport default { items: () => [1], key: () => no.such, process() {} };\n', ':2:', 'no is not', 'mend'),
  own('an empty key', "export default { items: () => ['a'], key: () => '', process() {} };\n", 'an empty text', 'never empty'),
  own(
    'a default that is none',
    "export default { defaults: { itemTimeout: '3 years' }, process() {} };\n",
    'itemTimeout',
    '3 years',
    'unit',
  ),
  own('a default below zero', 'export default { defaults: { batchTimeout: -3 }, process() {} };\n', 'batchTimeout', '-3', 'give'),
];

const PARAMS: readonly Case[] = [
  {
    what: 'one that the schema refuses',
    files: { 'p.mjs': YEARS },
    args: ['p.mjs', '--param', 'years=-1'],
    says: ['./p.mjs', 'years: must be positive', 'correct --param'],
  },
  {
    what: 'one that it does not know',
    files: { 'p.mjs': YEARS },
    args: ['p.mjs', '--param', 'yeers=1'],
    says: ['./p.mjs', 'no parameter "yeers"', 'it knows "years"'],
  },
  {
    what: 'one without a schema',
    args: ['w.mjs', '--items', 'a', '--param', 'years=1'],
    says: ['./w.mjs', 'takes no parameters', '"years"', 'leave --param out'],
  },
  {
    what: 'a schema that throws',
    files: { 'p.mjs': schema("() => { throw new Error('no rates'); }") },
    args: ['p.mjs'],
    says: ['./p.mjs:1:', '`params`', 'no rates', 'mend'],
  },
  {
    what: 'a schema that is none',
    files: { 'p.mjs': "export default { items: () => ['a'], params: { years: 3 }, process() {} };\n" },
    args: ['p.mjs'],
    says: ['./p.mjs', '`params`', 'Standard Schema', 'zod'],
  },
];

const name = (given: string): Case => ({
  what: `the name ${given.slice(0, 10)}`,
  args: ['w.mjs', '--items', 'a', `--name=${given}`],
  says: ['name', given.slice(0, 50), 'use letters'],
});
const output = (file: string, ...says: readonly string[]): Case => ({
  what: `the output ${file}`,
  files: { 'd.csv/x': '', f: 'x' },
  args: ['w.mjs', '--items', 'a', '-o', file],
  says: [file, ...says],
});

const PLACES: readonly Case[] = [
  ...['../x', 'a/b', '-x', '..', 'x'.repeat(200)].map(name),
  { what: 'an empty name', args: ['w.mjs', '--items', 'a', '--name', ''], says: ['--name', 'needs a value'] },
  output('d.csv', 'is a folder', 'choose another'),
  output('f/out.csv', './f is not a folder', 'choose another'),
  output('out.xyz', 'no format', '.jsonl'),
  output('out', 'no ending', '.jsonl'),
  output('out.parquet.gz', 'Parquet is compressed already', 'leave out .gz'),
  { what: 'a file named data', files: { data: '' }, args: ['w.mjs', '--items', 'a'], says: ['./data', 'cannot be made', '--data-dir'] },
  { what: 'a file named logs', files: { logs: '' }, args: ['w.mjs', '--items', 'a'], says: ['./logs', 'cannot be made', '--logs-dir'] },
];

const ALL = { 'a list with': LISTS, 'a worker:': WORKERS, 'a parameter:': PARAMS, 'a place:': PLACES };

/** What became of a case: how the command ended, and what was there before it and after. */
interface Result extends Ended {
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
}

const results = new Map<Case, Result>();

/** All of them, one after the other in one process: most of such a command is its start. */
beforeAll(async () => {
  const cases = Object.values(ALL).flat();
  const places = cases.map(({ files }) => new Place({ 'w.mjs': GOOD, ...files }, afterAll));
  const before = places.map((place) => place.everything());
  const commands = cases.map(({ args }, at) => ({ cwd: places[at]?.cwd ?? '', args: ['run', ...args, '--progress', 'none'] }));
  const ends = await commandsOf(commands);
  for (const [at, one] of cases.entries()) {
    const [place, end] = [places[at], ends[at]];
    if (place && end) results.set(one, { ...end, before: before[at] ?? {}, after: place.everything() });
  }
});

/** One line that says the place, the thing and the way out; exit code 2; and nothing is there that was not there before. */
function refuses(one: Case): void {
  const { code, stdout, stderr, before, after } = results.get(one) ?? {
    code: null,
    stdout: '',
    stderr: 'was not run',
    before: {},
    after: {},
  };
  const message = stderr.trimEnd().split('\n').at(-1) ?? '';
  expect([code, stdout, message]).toEqual([2, '', expect.stringMatching(/^shardyard: /)]);
  expect(stderr).not.toMatch(/ {4}at /);
  let at = 0;
  for (const text of one.says) {
    expect(message.slice(at), `in this order: ${one.says.join(' … ')}`).toContain(text);
    at = message.indexOf(text, at) + text.length;
  }
  expect(after).toEqual(before);
}

describe('nothing is started, and nothing written, for', () => {
  describe.each(Object.entries(ALL))('%s', (_, cases) => {
    test.each(cases)('$what', refuses);
  });
});

test.skipIf(process.getuid?.() === 0)('an unreadable list is refused', async () => {
  const place = new Place({ 'w.mjs': GOOD, 'd.txt': 'a\n' });
  chmodSync(`${place.cwd}/d.txt`, 0);
  const { code, stderr } = await place.shardyard('run', 'w.mjs', '--items', 'd.txt');
  expect([code, stderr]).toEqual([2, expect.stringMatching(/d\.txt: cannot be read.*make it readable/)]);
});
