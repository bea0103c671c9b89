import { expect, test } from 'vitest';
import { lineOfVariable, readEnvironment } from '../../src/commands/environment.ts';
import { RUN_OPTIONS } from '../../src/commands/options.ts';
import { CONFIG_OPTION, VERB_OPTIONS } from '../../src/commands/other-options.ts';

test('variables are read, others ignored', () => {
  const found = readEnvironment({
    PATH: '/bin',
    SHARDYARD_BATCH_SIZE: '7',
    SHARDYARD_CONFIG: 'x.yaml',
    SHARDYARD_INTERNAL_TOKEN: 't',
    SHARDYARD_SHARDS: '',
    MY_SHARDYARD_X: '1',
  });
  expect([...found]).toEqual([
    [RUN_OPTIONS.batchSize, { name: 'SHARDYARD_BATCH_SIZE', value: '7' }],
    [CONFIG_OPTION.config, { name: 'SHARDYARD_CONFIG', value: 'x.yaml' }],
  ]);
});

test('repeatable options are written one a line', () => {
  const found = readEnvironment({ SHARDYARD_PARAM: 'a=1\r\n  b=2,3\n\n', SHARDYARD_NODE_ARG: '--expose-gc' });
  expect(found.get(RUN_OPTIONS.params)?.value).toEqual(['a=1', 'b=2,3']);
  expect(found.get(RUN_OPTIONS.nodeArgs)?.value).toEqual(['--expose-gc']);
});

test.each([
  ['SHARDYARD_SHRADS', 'did you mean SHARDYARD_SHARDS?'],
  ['SHARDYARD_PROC', 'did you mean SHARDYARD_PROCESSES?'],
  ['SHARDYARD_COLOUR', 'see shardyard run --help for the options'],
  ['SHARDYARD_', 'see shardyard run --help for the options'],
  ['SHARDYARD_shards', 'did you mean SHARDYARD_SHARDS?'],
  ['SHARDYARD_YES', 'see shardyard run --help for the options'],
])('%s is refused', (name, hint) => {
  const place = { file: '.env', line: 3 };
  expect(() => readEnvironment({ [name]: '1' })).toThrow(
    expect.objectContaining({ name: 'UserError', message: `${name}: no such option`, hint }),
  );
  expect(() => readEnvironment({ [name]: '1' }, () => place)).toThrow(expect.objectContaining({ place }));
});

test('flags of single verbs have no variable', () => {
  for (const { flag } of Object.values(VERB_OPTIONS)) {
    if (flag === 'shards' || flag === 'items') continue;
    expect(() => readEnvironment({ [`SHARDYARD_${flag.toUpperCase()}`]: 'true' })).toThrow(/no such option/);
  }
});

test('the line of a variable is the last one that sets it', () => {
  const text = '# SHARDYARD_A=1\nSHARDYARD_A=1\nexport SHARDYARD_A = 2\nSHARDYARD_AB=3\n';
  expect(lineOfVariable(text, 'SHARDYARD_A')).toBe(3);
  expect(lineOfVariable(text, 'SHARDYARD_AB')).toBe(4);
  expect(lineOfVariable(text, 'SHARDYARD_B')).toBeUndefined();
});
