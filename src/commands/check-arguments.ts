import { UserError } from '../core/errors.ts';
import { nearest, suggest } from '../core/nearest.ts';
import { ALL_OPTIONS, optionsOf } from './option-lists.ts';
import { VERBS, isVerb } from './verbs.ts';
import type { VerbName } from './option.ts';

/** What yargs puts beside the options. */
const NOT_OPTIONS = ['_', '$0', '--', 'help', 'version'];

type Argv = Readonly<Record<string, unknown>>;

/** yargs looks flags up in plain objects and trips over the names that these inherit: refused before it sees them. */
export function checkNames(args: readonly string[]): void {
  const inherited = namesIn(args).find((name) => name in Object.prototype);
  if (inherited !== undefined) throw new UserError(`there is no option ${dashed(inherited)}`, { hint: 'see shardyard <command> --help' });
}

/** The verb that a word is. */
export function checkCommand(word: string): VerbName {
  if (isVerb(word)) return word;
  throw new UserError(`there is no command ${JSON.stringify(word)}`, {
    hint: suggest(word, Object.keys(VERBS)) ?? 'see shardyard --help',
  });
}

/** Refuses flags that the verb does not have, and flags with a value too few or too many. `args` is what `argv` was read from. */
export function checkFlags(verb: VerbName, argv: Argv, args: readonly string[]): void {
  const options = optionsOf(verb);
  // First, as what was meant as a value may look like an unknown flag: --node-arg --expose-gc.
  const bare = options.find(({ kind, flag }) => kind !== 'flag' && [argv[flag]].flat().includes(true));
  if (bare) throw new UserError(`--${bare.flag} needs a value`, { hint: `give it as --${bare.flag}=${bare.arg ?? 'VALUE'}` });

  // yargs takes a positional as a flag, too, and forgets one of the two when both are given.
  const named = VERBS[verb].positionals.find(({ name }) => namesIn(args).includes(name));
  if (named)
    throw new UserError(`${verb}: there is no option --${named.name}`, {
      hint: `write it without: shardyard ${verb} ${named.name.toUpperCase()}`,
    });

  const known = [...NOT_OPTIONS, ...options.map(({ flag }) => flag), ...VERBS[verb].positionals.map(({ name }) => name)];
  const unknown = Object.keys(argv).find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownFlag(unknown, verb);

  // yargs would read --json=maybe as false.
  const switches = options.filter(({ kind }) => kind === 'flag').map(({ flag }) => `--${flag}`);
  const valued = flagsIn(args).find((arg) => switches.includes(arg.replace(/=.*$/s, '')) && !/^[^=]*(=(true|false))?$/.test(arg));
  if (valued !== undefined) throw new UserError(`${valued}: takes no value`, { hint: `write ${valued.replace(/=.*$/s, '')}` });
}

/** Refuses positionals that are missing or too many. */
export function checkPositionals(verb: VerbName, argv: Argv, surplus: readonly string[], behindDashes: readonly string[]): void {
  const isRun = verb === 'run' || verb === 'plan';
  if (behindDashes.length > 0 && !isRun) {
    throw new UserError(`${verb} cannot take what follows --: ${behindDashes.join(' ')}`, { hint: 'remove what follows --' });
  }
  if (behindDashes.length > 0 && argv['worker'] !== undefined) {
    throw new UserError(`${verb} takes a worker module or a command behind --, not both`, { hint: 'leave one of them out' });
  }
  if (surplus[0] !== undefined) {
    const hint = `see shardyard ${verb} --help; quote values that contain spaces`;
    throw new UserError(`${verb} has no use for ${JSON.stringify(surplus[0])}`, { hint });
  }
  const { positionals } = VERBS[verb];
  const missing = positionals.find(({ name, required }) => required && argv[name] === undefined);
  if (!missing) return;
  const hint = `write shardyard ${verb} <${missing.name}>${missing.name === 'run' ? '; shardyard runs lists them' : ''}`;
  throw new UserError(`${verb} needs the ${missing.describe}`, { hint });
}

/** A flag as it is typed: `-p`, `--processes`. */
export function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function unknownFlag(name: string, verb: VerbName): UserError {
  const near = nearest(
    name,
    optionsOf(verb).map(({ flag }) => flag),
  );
  const elsewhere = ALL_OPTIONS.filter(({ flag, alias }) => flag === name || alias === name).flatMap(({ verbs }) => verbs);
  const hint =
    elsewhere.length > 0
      ? `it belongs to ${elsewhere.join(', ')}`
      : near === undefined
        ? `see shardyard ${verb} --help`
        : `did you mean --${near}?`;
  return new UserError(`${verb}: there is no option ${dashed(name)}`, { hint });
}

/** The arguments that are flags. */
function flagsIn(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).filter((arg) => arg.startsWith('-'));
}

/** The names of the flags among the arguments, without dashes and values. */
export function namesIn(args: readonly string[]): string[] {
  return flagsIn(args).map((arg) => arg.replace(/^--?/, '').replace(/=.*$/s, ''));
}
