import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALL_OPTIONS } from '../../src/commands/option-lists.ts';
import { RUN_OPTIONS } from '../../src/commands/options.ts';
import { CONFIG_OPTION, PLACE_OPTIONS, SHOW_OPTIONS, VERB_OPTIONS } from '../../src/commands/other-options.ts';
import { configFile, resolveOptions } from '../../src/commands/resolve.ts';
import type { Option } from '../../src/commands/option.ts';
import type { Given, Source, Sources } from '../../src/commands/sources.ts';

const NAMES = ['flags', 'environment', 'dotenv', 'file'] as const;

function source(...entries: readonly (readonly [Option, Given['value']])[]): Source {
  return new Map(entries.map(([option, value]) => [option, { name: option.flag, value }]));
}

const sources = (some: Partial<Sources>): Sources => ({
  flags: source(),
  environment: source(),
  dotenv: source(),
  file: source(),
  ...some,
});

function refusal(option: Option, value: Given['value']): () => unknown {
  const given: Given = { name: 'NAME', place: { file: 'f', line: 2, column: 3 }, value };
  return () => resolveOptions('run', sources({ file: new Map([[option, given]]) }));
}

describe('precedence', () => {
  test('a flag beats the environment, that beats .env, that beats the file', () => {
    fc.assert(
      fc.property(fc.subarray([...NAMES], { minLength: 1 }), fc.constantFrom('run' as const, 'plan' as const), (who, verb) => {
        const given = sources(Object.fromEntries(who.map((name) => [name, source([RUN_OPTIONS.shards, String(NAMES.indexOf(name) + 1)])])));
        const strongest = Math.min(...who.map((name) => NAMES.indexOf(name)));
        expect(resolveOptions(verb, given).run.shards).toBe(strongest + 1);
      }),
    );
  });

  test('options do not get in each other’s way', () => {
    const given = sources({
      flags: source([RUN_OPTIONS.shards, '8'], [RUN_OPTIONS.worker, 'a.ts']),
      environment: source([RUN_OPTIONS.itemTimeout, '2s'], [PLACE_OPTIONS.dataDir, 'elsewhere']),
      dotenv: source([RUN_OPTIONS.maxRss, '1GB'], [SHOW_OPTIONS.progress, 'none']),
      file: source([RUN_OPTIONS.worker, 'b.ts'], [RUN_OPTIONS.halt, 'now,fail=2'], [RUN_OPTIONS.strictColumns, 'true']),
    });
    expect(resolveOptions('run', given)).toEqual({
      run: { worker: 'a.ts', shards: 8, itemTimeout: 2000, maxRss: 1e9, halt: { when: 'now', fail: { count: 2 } }, strictColumns: true },
      place: { dataDir: 'elsewhere' },
      show: { progress: 'none' },
      verb: {},
    });
  });

  test('what nobody gave is left out, for the worker or the default to decide', () => {
    expect(resolveOptions('run', sources({}))).toEqual({ run: {}, place: {}, show: {}, verb: {} });
  });

  test('parameters are merged one by one, those of the file with their types', () => {
    const given = sources({
      flags: source([RUN_OPTIONS.params, ['a=1', 'b=x=y']]),
      environment: source([RUN_OPTIONS.params, ['a=2', 'c=']]),
      file: source([RUN_OPTIONS.params, { a: 3, d: [1, 2], e: true }]),
    });
    expect(resolveOptions('run', given).run.params).toEqual({ a: '1', b: 'x=y', c: '', d: [1, 2], e: true });
  });

  test('a neutral word undoes what a weaker source says', () => {
    const file = source(
      [RUN_OPTIONS.limit, '5'],
      [RUN_OPTIONS.itemTimeout, '1s'],
      [RUN_OPTIONS.halt, 'now,fail=1'],
      [RUN_OPTIONS.maxRss, '1GB'],
    );
    const flags = source(
      [RUN_OPTIONS.limit, 'all'],
      [RUN_OPTIONS.itemTimeout, 'off'],
      [RUN_OPTIONS.halt, 'never'],
      [RUN_OPTIONS.maxRss, 'off'],
    );
    expect(resolveOptions('run', sources({ flags, file })).run).toEqual({});
  });
});

describe('a run that exists', () => {
  const ambient = source(
    [RUN_OPTIONS.shards, '3'],
    [RUN_OPTIONS.items, 'other.txt'],
    [PLACE_OPTIONS.dataDir, 'elsewhere'],
    [SHOW_OPTIONS.progress, 'plain'],
  );

  test.each(['resume', 'rerun', 'merge', 'status', 'logs'] as const)('%s takes only places and progress from around it', (verb) => {
    for (const name of ['environment', 'dotenv', 'file'] as const) {
      const settings = resolveOptions(verb, sources({ [name]: ambient }));
      expect(settings).toEqual({ run: {}, place: { dataDir: 'elsewhere' }, show: { progress: 'plain' }, verb: {} });
    }
  });

  test('flags change it', () => {
    expect(resolveOptions('resume', sources({ flags: source([RUN_OPTIONS.shards, '3']), file: ambient })).run).toEqual({ shards: 3 });
  });

  test('a neutral word cannot undo what it recorded, and says so', () => {
    expect(() => resolveOptions('resume', sources({ flags: source([RUN_OPTIONS.itemTimeout, 'off']) }))).toThrow(
      /item-timeout: off cannot undo/,
    );
  });

  test('the environment is not even read for what does not concern the verb', () => {
    expect(resolveOptions('status', sources({ environment: source([RUN_OPTIONS.shards, 'nonsense']) })).run).toEqual({});
  });
});

describe('what is refused', () => {
  test.each([
    [RUN_OPTIONS.shards, 'x', /^NAME: "x" is not a whole number/],
    [RUN_OPTIONS.shards, '0', /too small/],
    [RUN_OPTIONS.limit, '0', /too small/],
    [RUN_OPTIONS.retries, '-1', /too small/],
    [RUN_OPTIONS.shards, ['1', '2'], /is given 2 times/],
    [RUN_OPTIONS.shards, '', /needs a value/],
    [RUN_OPTIONS.shards, { a: 1 }, /not a mapping/],
    [RUN_OPTIONS.itemTimeout, '0', /too short/],
    [RUN_OPTIONS.strictColumns, 'maybe', /neither true nor false/],
    [RUN_OPTIONS.grid, ['a'], /"a" is not a parameter/],
    [RUN_OPTIONS.grid, ['a='], /NAME: a: there are no values/],
    [RUN_OPTIONS.grid, ['a=1,,2'], /NAME: a: a value is empty/],
    [RUN_OPTIONS.grid, ['a=[1'], /NAME: a: "\[1" is not a JSON array/],
    [RUN_OPTIONS.grid, ['a=1', 'a=2'], /"a" is given twice/],
    [RUN_OPTIONS.grid, { a: [1, '1'] }, /NAME: a: "1" is there twice/],
    [RUN_OPTIONS.params, ['a'], /"a" is not a parameter/],
    [RUN_OPTIONS.params, ['=a'], /"=a" is not a parameter/],
    [RUN_OPTIONS.params, ['a=1', 'a=2'], /"a" is given twice/],
    [SHOW_OPTIONS.progress, 'jsn', /"jsn" is not a kind of progress/],
  ] as const)('$flag %j', (option, value, message) => {
    expect(refusal(option, value)).toThrow(message);
    expect(refusal(option, value)).toThrow(
      expect.objectContaining({ name: 'UserError', exitCode: 2, place: { file: 'f', line: 2, column: 3 } }),
    );
  });

  test('the hint names the neutral word', () => {
    expect(refusal(RUN_OPTIONS.itemTimeout, '5')).toThrow(expect.objectContaining({ hint: expect.stringMatching(/500ms, 2s.*; or off$/) }));
  });

  test.each([
    [RUN_OPTIONS.retries, '0', { retries: 0 }],
    [RUN_OPTIONS.spares, '0', { spares: 0 }],
    [RUN_OPTIONS.stagger, '0', { stagger: 0 }],
    [RUN_OPTIONS.maxFailures, '0', { maxFailures: { count: 0 } }],
    [RUN_OPTIONS.nodeArgs, ['--a', '--b'], { nodeArgs: ['--a', '--b'] }],
    [RUN_OPTIONS.grid, ['a=1, 2', 'b=["x,y",3]'], { grid: { a: ['1', '2'], b: ['x,y', 3] } }],
    [RUN_OPTIONS.grid, { a: [60, true], b: 'x,y', c: 5 }, { grid: { a: [60, true], b: ['x', 'y'], c: [5] } }],
    [RUN_OPTIONS.params, ['__proto__=1'], Object.fromEntries([['params', Object.fromEntries([['__proto__', '1']])]])],
  ] as const)('but not $flag %j', (option, value, expected) => {
    expect(resolveOptions('run', sources({ file: source([option, value]) })).run).toEqual(expected);
  });
});

describe('the YAML file to read', () => {
  const option = CONFIG_OPTION.config;

  test('is named by a flag, else by the environment, else by .env', () => {
    const known = { flags: source([option, 'a']), environment: source([option, 'b']), dotenv: source([option, 'c']) };
    expect(configFile(known)?.file).toBe('a');
    expect(configFile({ ...known, flags: source() })?.file).toBe('b');
    expect(configFile({ ...known, flags: source(), environment: source() })?.file).toBe('c');
    expect(configFile(sources({}))).toBeUndefined();
  });
});

test('every flag of a verb is there once, and has what its kind needs', () => {
  for (const option of ALL_OPTIONS) {
    expect(option.flag).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(option.arg === undefined).toBe(option.kind === 'flag');
    const namesakes = ALL_OPTIONS.filter((other) => other !== option && other.flag === option.flag);
    expect(namesakes.flatMap(({ verbs }) => verbs).filter((verb) => option.verbs.includes(verb))).toEqual([]);
  }
  expect(Object.keys(VERB_OPTIONS).length).toBeGreaterThan(0);
});
