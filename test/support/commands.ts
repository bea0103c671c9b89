import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Ended } from '../cli/support.ts';
import { COMPILE_CACHE } from './session.ts';

const MAIN = fileURLToPath(new URL('commands-main.ts', import.meta.url));

/** A command line, and where it is to be carried out. */
export interface Command {
  readonly cwd: string;
  readonly args: readonly string[];
}

/**
 * Carries out many commands one after the other, as built, in one process. For those that refuse what they are given: they
 * leave nothing behind. What they say of their folder is said of `.`.
 */
export async function commandsOf(commands: readonly Command[]): Promise<Ended[]> {
  const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: COMPILE_CACHE };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(commands));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(child, 'close');
  return (JSON.parse(said) as Ended[]).map(({ code, stdout, stderr }, at) => {
    const folder = commands[at]?.cwd ?? '';
    return { code, stdout: stdout.replaceAll(folder, '.'), stderr: stderr.replaceAll(folder, '.') };
  });
}
