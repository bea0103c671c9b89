import { readFileSync } from 'node:fs';
import { optionsOf } from './option-lists.ts';
import { VERBS, isVerb } from './verbs.ts';
import { READING } from './read-arguments.ts';
import yargs, { type Argv } from 'yargs';
import type { Option } from './option.ts';

/** The text that `--help` or `--version` asks for, or the general help where there are no arguments. `width`: columns. */
export async function textFor(args: readonly string[], width: number): Promise<string> {
  const parser = describeAll(yargs(), width);
  if (args.length === 0) return parser.getHelp();
  let printed = '';
  await parser.parseAsync([...args], {}, (_error: unknown, _argv: unknown, output: string) => {
    printed = output;
  });
  return printed;
}

/** Teaches yargs all verbs and their options. */
function describeAll(parser: Argv, width: number): Argv {
  parser
    .scriptName('shardyard')
    .usage('shardyard <command>: turns a function of one item into a finished, verified dataset')
    .locale('en')
    .parserConfiguration(READING)
    .exitProcess(false)
    .showHelpOnFail(false)
    // What yargs would complain about, `readCommandLine` refuses in its own words.
    .fail(() => {})
    .help('help', 'show this help')
    .alias('help', 'h')
    .version('version', 'show the version', version())
    .wrap(width)
    .epilog('shardyard <command> --help shows the options of a command. Start with: shardyard init');
  for (const name of Object.keys(VERBS)) if (isVerb(name)) describeVerb(parser, name);
  return parser;
}

function describeVerb(parser: Argv, name: keyof typeof VERBS): void {
  const { positionals, summary, notes, examples } = VERBS[name];
  const usage = [name, ...positionals.map((one) => (one.required ? `<${one.name}>` : `[${one.name}]`))].join(' ');
  parser.command(usage, summary, (command) => {
    command.usage(`shardyard ${usage} [options]: ${summary}`).epilog(notes ?? '');
    for (const { name: positional, describe } of positionals) command.positional(positional, { describe });
    const options = optionsOf(name);
    const column = Math.max(0, ...options.map(({ arg }) => arg?.length ?? 0));
    for (const option of options) describeOption(command, option, column);
    for (const [example, what] of examples) command.example(example, what);
    return command;
  });
}

/** `column` is the width of the column of value names (`N`, `FILE`), for which yargs has no place of its own. */
function describeOption(command: Argv, option: Option, column: number): void {
  const { flag, alias, arg = '', kind, group, describe, fallback } = option;
  command.option(flag, {
    describe: column === 0 ? describe : `${arg.padEnd(column)}  ${describe}`,
    group,
    ...(alias === undefined ? {} : { alias }),
    ...(fallback === undefined ? {} : { defaultDescription: fallback }),
    ...(kind === 'flag' ? { boolean: true } : { nargs: 1 }),
  });
}

function version(): string {
  const found: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof found === 'object' && found !== null && 'version' in found ? String(found.version) : 'unknown';
}
