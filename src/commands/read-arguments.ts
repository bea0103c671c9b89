import parse from 'yargs-parser';
import { namesIn } from './check-arguments.ts';
import { optionsOf } from './option-lists.ts';
import { VERBS, isVerb } from './verbs.ts';

/** How the arguments are read; `parser.ts` teaches yargs the same. */
export const READING = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'greedy-arrays': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'populate--': true,
  'strip-aliased': true,
} as const;

/**
 * The arguments as flags (by name), `_` (the rest, without what the command's positionals took) and `--`. By yargs' own parser: all of yargs
 * takes 130 ms to load, most of it regular expressions for the width of a help text that is seldom wanted.
 */
export function readArguments(args: readonly string[]): Readonly<Record<string, unknown>> {
  // In front of the command nothing is known of flags, so that they may take it for their value; they are refused.
  const verb = args[0];
  const options = verb !== undefined && isVerb(verb) ? optionsOf(verb) : [];
  const valued = options.filter(({ kind }) => kind !== 'flag');
  const argv: Record<string, unknown> = parse([...args], {
    alias: Object.fromEntries(options.flatMap(({ flag, alias }) => (alias === undefined ? [] : [[flag, [alias]]]))),
    boolean: options.filter(({ kind }) => kind === 'flag').map(({ flag }) => flag),
    narg: Object.fromEntries(valued.map(({ flag }) => [flag, 1])),
    configuration: READING,
  });
  if (verb === undefined || !isVerb(verb)) return argv;
  for (const { flag, alias } of valued) {
    const given = namesIn(args).filter((name) => name === flag || name === alias).length;
    const values = [argv[flag] ?? []].flat();
    // The parser leaves out what lacks its value.
    if (values.length < given) argv[flag] = [...values, true];
  }
  const [word, ...words] = Array.isArray(argv['_']) ? argv['_'] : [];
  const { positionals } = VERBS[verb];
  positionals.forEach(({ name }, at) => {
    if (words[at] !== undefined) argv[name] = words[at];
  });
  return { ...argv, _: [word, ...words.slice(positionals.length)] };
}
