import { Chalk, chalkStderr } from 'chalk';
import { UserError } from '../core/errors.ts';

const closing = new AbortController();

/** Aborted when nobody reads stdout any more (`| head`): what only prints can stop. */
export const stdoutClosed: AbortSignal = closing.signal;

/** Colours for stdout and stderr; they respect NO_COLOR, FORCE_COLOR and whether it is a terminal. */
export const colour = { out: new Chalk(), err: chalkStderr };

/** What writing fails with when nobody reads any more: a pipe is closed, a terminal is gone. */
const isGone = ({ code }: NodeJS.ErrnoException, isTerminal: boolean): boolean => code === 'EPIPE' || (isTerminal && code === 'EIO');

/** Makes a closed stdout or stderr, or a terminal that is gone, a quiet end instead of a crash. Called once, by `main`. */
export function tolerateClosedPipes(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!isGone(error, process.stdout.isTTY))
      throw new UserError(`cannot write to stdout (${error.code ?? error.message})`, { cause: error });
    closing.abort();
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (!isGone(error, process.stderr.isTTY)) throw error;
  });
}

/** Writes to stdout and waits until it is on its way, so that a slow reader slows us down instead of filling our memory. */
export async function print(text: string | Uint8Array): Promise<void> {
  if (stdoutClosed.aborted || text.length === 0) return;
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
}

/** Writes lines to stderr. */
export function note(text: string): void {
  process.stderr.write(text === '' || text.endsWith('\n') ? text : `${text}\n`);
}

/** Prints a value as indented JSON. */
export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value, null, 2)}\n`);
}
