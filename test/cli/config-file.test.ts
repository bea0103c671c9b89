import { expect, test } from 'vitest';
import { formatUserError, UserError } from '../../src/core/errors.ts';
import { readConfig } from '../../src/commands/config-file.ts';
import { FILE_OPTIONS } from '../../src/commands/option-lists.ts';
import { RUN_OPTIONS } from '../../src/commands/options.ts';

function refusal(text: string): string {
  try {
    readConfig(text, 'c.yaml');
  } catch (error) {
    if (error instanceof UserError) return formatUserError(error);
    throw error;
  }
  throw new Error('was accepted');
}

test('keys are those of the flags, with dashes or in camel case, and values are taken as written', () => {
  const found = readConfig(
    'worker: w.ts\nbatchSize: 010\nitem-timeout: 2s\nname: 007\nitems: 0:4620\nstrict-columns: true\nlimit: "5"\nmaxFailures: 2%\n',
    'c.yaml',
  );
  expect([...found].map(([option, { name, value }]) => [option, name, value])).toEqual([
    [RUN_OPTIONS.worker, 'worker', 'w.ts'],
    [RUN_OPTIONS.batchSize, 'batchSize', '010'],
    [RUN_OPTIONS.itemTimeout, 'item-timeout', '2s'],
    [RUN_OPTIONS.name, 'name', '007'],
    [RUN_OPTIONS.items, 'items', '0:4620'],
    [RUN_OPTIONS.strictColumns, 'strict-columns', 'true'],
    [RUN_OPTIONS.limit, 'limit', '5'],
    [RUN_OPTIONS.maxFailures, 'maxFailures', '2%'],
  ]);
});

test('values know their place', () => {
  const found = readConfig('# a comment\nshards:   4\nprocesses:\n  2\n', 'sub/c.yaml');
  expect(found.get(RUN_OPTIONS.shards)?.place).toEqual({ file: 'sub/c.yaml', line: 2, column: 11 });
  expect(found.get(RUN_OPTIONS.processes)?.place).toEqual({ file: 'sub/c.yaml', line: 4, column: 3 });
});

test('parameters have the types of YAML, lists may be one value, anchors are followed', () => {
  const found = readConfig(
    'params:\n  years: 10\n  list: [a, 1.5, null]\n  deep: { x: yes }\nnode-args: --expose-gc\nshards: &n 4\nprocesses: *n\n',
    'c.yaml',
  );
  expect(found.get(RUN_OPTIONS.params)?.value).toEqual({ years: 10, list: ['a', 1.5, null], deep: { x: 'yes' } });
  expect(found.get(RUN_OPTIONS.nodeArgs)?.value).toBe('--expose-gc');
  expect(found.get(RUN_OPTIONS.processes)?.value).toBe('4');
  expect(readConfig('nodeArgs: [--a, --b]', 'c.yaml').get(RUN_OPTIONS.nodeArgs)?.value).toEqual(['--a', '--b']);
});

test.each(['', '# nothing\n', '---\n', 'null'])('%j says nothing', (text) => expect(readConfig(text, 'c.yaml').size).toBe(0));

test.each([
  ['shards: 4\nshrads: 5\n', 'c.yaml:2:1: shrads: no such option: did you mean "shards"?'],
  ['config: x\n', 'c.yaml:1:1: config: no such option: see shardyard run --help for the options'],
  ['yes: true\n', 'c.yaml:1:1: yes: no such option: see shardyard run --help for the options'],
  ['shards: 1\nshards: 2\n', 'c.yaml:2:1: this is not YAML: Map keys must be unique: mend the file'],
  ['batch-size: 1\nbatchSize: 2\n', 'c.yaml:2:12: batchSize: is given twice: give it once, as batch-size'],
  ['param: {a: 1}\nparams: {b: 1}\n', 'c.yaml:2:9: params: is given twice: give it once, as params'],
  ['shards:\n', 'c.yaml:1:8: shards: has no value: give it one, or remove the line'],
  ['shards: [1]\n', 'c.yaml:1:9: shards: must be one value: write one value'],
  ['grid: [1]\n', 'c.yaml:1:7: grid: must be a mapping: write the parameters below it, such as "refill: [60, 180]"'],
  ['params: 3\n', 'c.yaml:1:9: params: must be a mapping: write the parameters below it, such as "yearsBack: 10"'],
  ['node-args: [[a]]\n', 'c.yaml:1:12: node-args: must be one value: write one value'],
  ['shards: *gone\n', 'c.yaml:1:9: shards: refers to *gone, which is not there: define it above, or write the value'],
  ['- a\n', 'c.yaml:1:1: must be a mapping of options: write lines such as "shards: 8"'],
  ['just text', 'c.yaml:1:1: must be a mapping of options: write lines such as "shards: 8"'],
])('%j is refused', (text, message) => expect(refusal(text)).toBe(message));

test('what is no YAML is refused with its place', () => {
  expect(refusal('shards: 1\n\tx: 2\n')).toMatch(/^c\.yaml:2:1: this is not YAML: /);
  expect(refusal('a: 1\n---\nb: 2\n')).toMatch(/^c\.yaml:\d+:\d+: this is not YAML: /);
});

test('a bomb of aliases is refused', () => {
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x, x]',
    ...[...'bcdefgh'].map((name, at) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdefg'[at]}`).join(', ')}]`),
  ];
  expect(refusal(`params:\n  ${bomb.join('\n  ')}\n`)).toMatch(/^c\.yaml:2:3: params: .*alias/);
});

test('every option of a run can be in the file', () => {
  for (const option of FILE_OPTIONS) {
    const text = option.kind === 'pairs' || option.kind === 'grid' ? '{a: 1}' : 'x';
    expect(readConfig(`${option.flag}: ${text}`, 'c.yaml').has(option)).toBe(true);
  }
});
