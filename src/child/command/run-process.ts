import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { CommandFailure } from './failure.ts';

/** How much of what a process printed is looked through for its last words. */
const TAIL = 4096;
const LONGEST_WORDS = 300;

export interface ProcessOptions {
  readonly args: readonly string[];
  readonly cwd: string;
  /** A file for its stdout; absent: the log. */
  readonly stdout?: string;
  /** The file that it prints to; absent: nothing is quoted of it. */
  readonly log?: string;
}

/**
 * Runs a command to its end, without a shell, in the child's own process group: whoever ends the child ends it, too. It prints to the
 * child's log. Throws a `CommandFailure` unless it ends with exit code 0.
 */
export async function runProcess({ args, cwd, stdout, log }: ProcessOptions): Promise<void> {
  const printed = log === undefined ? 0 : sizeOf(log);
  const output = stdout === undefined ? undefined : openSync(stdout, 'w');
  const isEnding = heedSigterm();
  try {
    const [file = '', ...rest] = args;
    const child = spawn(file, rest, { cwd, stdio: ['ignore', output ?? 1, 2] });
    const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
      child.once('error', (error) => reject(notStarted(file, error)));
      // Not `close`: what it has left running may hold its output open.
      child.once('exit', (exitCode, name) => resolve({ code: exitCode, signal: name }));
    });
    if (signal !== null) throw new CommandFailure('signal', `the command was killed by ${signal}`);
    if (code !== 0) throw new CommandFailure('exit', `exit code ${code}${log === undefined ? '' : lastWords(log, printed)}`);
  } finally {
    if (output !== undefined) closeSync(output);
    isEnding();
  }
}

/** The command gets the signal as well, and the time to clean up; then this process ends as it would have. */
function heedSigterm(): () => void {
  let heard = false;
  const hear = (): void => void (heard = true);
  process.on('SIGTERM', hear);
  return () => {
    process.off('SIGTERM', hear);
    if (heard) process.kill(process.pid, 'SIGTERM');
  };
}

function notStarted(file: string, error: Error): CommandFailure {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'E2BIG')
    return new CommandFailure('error', 'the list of items is too long for a command line: use {itemsFile}, or a smaller --batch-size');
  return new CommandFailure('error', `${file} cannot be started: ${error.message}`, code === 'ENOENT' || code === 'EACCES' ? 'all' : 'no');
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** The last line that was printed since the log had so many bytes. */
function lastWords(log: string, from: number): string {
  let descriptor: number;
  try {
    descriptor = openSync(log, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(TAIL, Math.max(0, size - from)));
    const length = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    const last = buffer.toString('utf8', 0, length).trimEnd().split('\n').at(-1)?.trim() ?? '';
    return last === '' ? '' : `: ${last.slice(0, LONGEST_WORDS)}`;
  } finally {
    closeSync(descriptor);
  }
}
