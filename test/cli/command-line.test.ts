import { describe, expect, test } from 'vitest';
import { formatUserError, UserError } from '../../src/core/errors.ts';
import { readCommandLine } from '../../src/commands/command-line.ts';
import { optionsOf } from '../../src/commands/option-lists.ts';
import { VERBS, isVerb } from '../../src/commands/verbs.ts';

/** The verb, its positionals, and its flags with what was given. */
async function read(...args: readonly string[]): Promise<unknown> {
  const line = await readCommandLine(args, 100);
  if (line.kind === 'text') return line;
  const { verb, positionals, flags } = line;
  return { verb, positionals, flags: Object.fromEntries([...flags].map(([option, { value }]) => [option.flag, value])) };
}

async function text(...args: readonly string[]): Promise<string> {
  const line = await readCommandLine(args, 100);
  if (line.kind === 'text' && line.wanted) return line.text;
  throw new Error(`no text: ${JSON.stringify(line)}`);
}

async function refusal(...args: readonly string[]): Promise<string> {
  try {
    await readCommandLine(args, 100);
  } catch (error) {
    if (error instanceof UserError) return formatUserError(error);
    throw error;
  }
  throw new Error('was accepted');
}

describe('what is given', () => {
  test('flags with their values, as they are written', async () => {
    expect(await read('run', 'w.ts', '-p4', '--batch-size=010', '--items', '-', '--strict-columns', '-o', 'out.csv')).toEqual({
      verb: 'run',
      positionals: { worker: 'w.ts' },
      flags: { worker: 'w.ts', processes: ['4'], 'batch-size': ['010'], items: ['-'], 'strict-columns': ['true'], output: ['out.csv'] },
    });
  });

  test('repeated flags, negative numbers, values with = and without anything', async () => {
    expect(await read('run', '--param', 'a=1', '--param=b=c=d', '--node-arg=--expose-gc', '--limit', '-5', '--name=')).toEqual({
      verb: 'run',
      positionals: { worker: undefined },
      flags: { param: ['a=1', 'b=c=d'], 'node-arg': ['--expose-gc'], limit: ['-5'], name: [''] },
    });
  });

  test('positionals that are numbers stay as they are', async () => {
    expect(await read('logs', '007', '0,3,5-9', '-f')).toEqual({
      verb: 'logs',
      positionals: { run: '007', shards: '0,3,5-9' },
      flags: { follow: ['true'] },
    });
    expect(await read('clean', '1e3', '-y')).toEqual({ verb: 'clean', positionals: { run: '1e3' }, flags: { yes: ['true'] } });
  });

  test('--shards and --items of rerun say what to do again', async () => {
    const line = await readCommandLine(['rerun', 'r', '--shards', '0-3', '--worker', 'moved.ts'], 100);
    expect(line.kind === 'command' && [...line.flags].map(([option, { value }]) => [option.arg, value])).toEqual([
      ['SET', ['0-3']],
      ['FILE', ['moved.ts']],
    ]);
  });

  test('options may stand before the command, where they have a value', async () => {
    expect(await read('--data-dir', 'd', 'status')).toMatchObject({ verb: 'status', flags: { 'data-dir': ['d'] } });
  });
});

describe('help', () => {
  test('lists the commands', async () => {
    const help = await text('--help');
    for (const [name, { summary }] of Object.entries(VERBS))
      expect(help).toMatch(new RegExp(`shardyard ${name} .*${summary.slice(0, 20)}`));
    expect(await text('-h')).toBe(help);
    expect(await text('help')).toBe(help);
  });

  test.each(Object.keys(VERBS).filter(isVerb))('of %s names every option and has an example', async (verb) => {
    const help = await text(verb, '--help');
    for (const { flag, alias, fallback } of optionsOf(verb)) {
      expect(help).toContain(alias === undefined ? `    --${flag} ` : `-${alias}, --${flag} `);
      if (fallback !== undefined) expect(help.replace(/\s+/g, ' ')).toContain(`[default: ${fallback}]`);
    }
    expect(help).toContain(`Examples:\n  shardyard ${verb}`);
    expect(Math.max(...help.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(await text('help', verb)).toBe(help);
  });

  test('shows the version', async () => expect(await text('--version')).toMatch(/^\d+\.\d+\.\d+/));

  test('comes unasked for want of a command', async () => {
    expect(await read()).toMatchObject({ kind: 'text', wanted: false, text: expect.stringContaining('shardyard run [worker]') });
  });
});

describe('what is refused', () => {
  test.each([
    [['rnu'], 'there is no command "rnu": did you mean "run"?'],
    [['statsu', '--json'], 'there is no command "statsu": did you mean "status"?'],
    [['frobnicate'], /^there is no command "frobnicate": choose from run, plan/],
    [['toString'], /^there is no command "toString"/],
    [['--json', 'status'], /^--json without a command: put the command first/],
    [['run', '--shrads', '3'], 'run: there is no option --shrads: did you mean --shards?'],
    [['run', '--proc', '3'], 'run: there is no option --proc: did you mean --processes?'],
    [['run', '--batchSize', '3'], 'run: there is no option --batchSize: did you mean --batch-size?'],
    [['run', '--follow'], 'run: there is no option --follow: it belongs to logs'],
    [['status', '-p', '3'], 'status: there is no option -p: it belongs to run, plan, resume, rerun'],
    [['run', '-x'], 'run: there is no option -x: see shardyard run --help'],
    [['run', '--no-strict-columns'], /^run: there is no option --no-strict-columns/],
    [['run', '--zebra', '5'], 'run: there is no option --zebra: see shardyard run --help'],
    [['run', '--constructor', '3'], /^there is no option --constructor/],
    [['run', '--__proto__=3'], /^there is no option --__proto__/],
    [['run', '--a.b', '3'], /^run: there is no option --a\.b/],
    [['run', '--shards'], '--shards needs a value: give it as --shards=N'],
    [['run', '--shards', '--limit', '3'], '--shards needs a value: give it as --shards=N'],
    [['run', '--node-arg', '--expose-gc'], '--node-arg needs a value: give it as --node-arg=ARG'],
    [['status', '--json=maybe'], '--json=maybe: takes no value: write --json'],
    [['run', 'a.ts', 'b.ts'], /^run has no use for "b\.ts"/],
    [['runs', 'x'], /^runs has no use for "x"/],
    [['logs', 'a', '1', '2'], /^logs has no use for "2"/],
    [['run', 'w.mjs', '--', 'echo'], /^run takes a worker module or a command behind --, not both/],
    [['status', '--', 'x'], 'status cannot take what follows --: x: remove what follows --'],
    [['run', 'a.ts', '--worker', 'b.ts'], 'run: there is no option --worker: write it without: shardyard run WORKER'],
    [['status', '--run', 'x'], 'status: there is no option --run: write it without: shardyard status RUN'],
    [['clean'], 'clean needs the name of the run: write shardyard clean <run>; shardyard runs lists them'],
  ])('%j', async (args, message) => expect(await refusal(...args)).toMatch(message));
});
