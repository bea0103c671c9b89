import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What a command and all that it started took. */
export interface Usage {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of CPU of all its processes; NaN without GNU time. */
  readonly cpu: number;
  /** Most memory of any one of its processes, in bytes; NaN without GNU time. */
  readonly peak: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Text for its input. */
  readonly input?: string;
}

const GNU_TIME = '/usr/bin/time';

/** Runs a command to its end and measures it. A command that fails is an error with what it printed. */
export async function measure({ command, args, cwd, env, input }: Command): Promise<Usage> {
  const usage = join(cwd, `.usage-${process.pid}`);
  const timed = existsSync(GNU_TIME) ? [GNU_TIME, '-q', '-f', '%U %S %M', '-o', usage, command, ...args] : [command, ...args];
  const [program = '', ...rest] = timed;
  const before = performance.now();
  const child = spawn(program, rest, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // It may have ended before it read all of it; its exit code says what to think of that.
  child.stdin.on('error', () => undefined).end(input ?? '');
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const wall = performance.now() - before;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return { wall, ...read(usage), stdout, stderr };
}

function read(file: string): { readonly cpu: number; readonly peak: number } {
  if (!existsSync(file)) return { cpu: Number.NaN, peak: Number.NaN };
  const [user = 0, system = 0, kilobytes = 0] = readFileSync(file, 'utf8').trim().split(' ').map(Number);
  rmSync(file);
  return { cpu: (user + system) * 1000, peak: kilobytes * 1024 };
}

/** Whether there is such a program. */
export async function has(command: string, ...args: readonly string[]): Promise<boolean> {
  return measure({ command, args, cwd: '/tmp' }).then(
    () => true,
    () => false,
  );
}
