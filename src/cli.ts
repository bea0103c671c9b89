import { UserError, formatUserError } from './core/errors.ts';
import { EXIT } from './core/exit-codes.ts';
import { readCommandLine } from './commands/command-line.ts';
import { loadSources } from './commands/load-sources.ts';
import { resolveOptions } from './commands/resolve.ts';
import { note, print, tolerateClosedPipes } from './commands/terminal.ts';
import { VERBS } from './commands/verbs.ts';

const WIDEST = 120;

/**
 * The command line: reads the arguments, carries out the command and sets `process.exitCode`. Never calls
 * `process.exit`, which would cut off what is still on its way to a pipe.
 */
export async function main(args: readonly string[]): Promise<void> {
  tolerateClosedPipes();
  process.on('uncaughtException', (error) => {
    const code = showError(error);
    // The state is unknown, so the process must end; the callback runs when stderr is written.
    process.stderr.write('', () => process.exit(code));
  });
  try {
    process.exitCode = await carryOut(args);
  } catch (error) {
    process.exitCode = showError(error);
  }
}

async function carryOut(args: readonly string[]): Promise<number> {
  const line = await readCommandLine(args, Math.min(process.stdout.columns ?? WIDEST, WIDEST));
  if (line.kind === 'text') {
    if (!line.wanted) note(line.text);
    else await print(`${line.text}\n`);
    return line.wanted ? EXIT.done : EXIT.usage;
  }
  const { verb, positionals, flags } = line;
  const settings = resolveOptions(verb, await loadSources(flags));
  const command = await VERBS[verb].load();
  return command({ positionals, settings });
}

/** Says what went wrong and returns the exit code for it. */
function showError(error: unknown): number {
  if (error instanceof UserError) {
    note(`shardyard: ${formatUserError(error)}`);
    return error.exitCode;
  }
  note(error instanceof Error ? (error.stack ?? String(error)) : `shardyard: ${String(error)}`);
  note('this is a bug in Shardyard, please report it');
  return EXIT.bug;
}
