import { UserError } from '../core/errors.ts';
import { checkCommand, checkFlags, checkNames, checkPositionals, dashed } from './check-arguments.ts';
import { optionsOf } from './option-lists.ts';
import { RUN_OPTIONS } from './options.ts';
import { readArguments } from './read-arguments.ts';
import { VERBS } from './verbs.ts';
import type { Option, VerbName } from './option.ts';
import type { Given, Source } from './sources.ts';

/** A command line, read: a command to carry out, or a text (help, version) to print, wanted or for want of a command. */
export type CommandLine =
  | { readonly kind: 'command'; readonly verb: VerbName; readonly positionals: Positionals; readonly flags: Source }
  | { readonly kind: 'text'; readonly text: string; readonly wanted: boolean };

/** What asks for a text. */
const TEXTS = ['--help', '-h', '--version'];

type Positionals = Readonly<Record<string, string | undefined>>;

/**
 * Reads the arguments. yargs' parser tells flags from values, and yargs writes the help texts; what is refused, and how, is decided in
 * `check-arguments.ts`, so that every message has the same form and a suggestion. `width` is for the help texts.
 */
export async function readCommandLine(given: readonly string[], width: number): Promise<CommandLine> {
  const args = given[0] === 'help' ? [...given.slice(1), '--help'] : given;
  checkNames(args);
  const own = args.slice(0, args.includes('--') ? args.indexOf('--') : args.length);
  if (own.length === 0 || own.some((arg) => TEXTS.includes(arg))) {
    const { textFor } = await import('./parser.ts');
    const text = await textFor(args, width);
    if (text !== '') return { kind: 'text', text, wanted: own.length > 0 };
  }
  const argv = readArguments(args);
  const [word, ...surplus] = textsOf(argv['_']);
  if (word === undefined) {
    const flag = Object.keys(argv).find((name) => !['_', '--'].includes(name)) ?? '--';
    throw new UserError(`${dashed(flag)} without a command`, {
      hint: 'put the command first, such as shardyard run; see shardyard --help',
    });
  }
  const verb = checkCommand(word);
  checkFlags(verb, argv, args);
  checkPositionals(verb, argv, surplus, textsOf(argv['--']));
  const positionals = positionalsOf(verb, argv);
  return { kind: 'command', verb, positionals, flags: flagsOf(verb, argv, positionals) };
}

function positionalsOf(verb: VerbName, argv: Readonly<Record<string, unknown>>): Positionals {
  return Object.fromEntries(VERBS[verb].positionals.map(({ name }) => [name, textsOf(argv[name])[0]]));
}

function flagsOf(verb: VerbName, argv: Readonly<Record<string, unknown>>, positionals: Positionals): Source {
  const source = new Map<Option, Given>();
  for (const option of optionsOf(verb)) {
    const value = argv[option.flag];
    if (value !== undefined) source.set(option, { name: `--${option.flag}`, value: textsOf(value) });
  }
  if (positionals['worker'] !== undefined) source.set(RUN_OPTIONS.worker, { name: 'the worker', value: positionals['worker'] });
  return source;
}

function textsOf(value: unknown): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}
