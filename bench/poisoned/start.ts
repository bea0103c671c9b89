import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MARK_VARIABLE, processesOf } from '../../test/support/marked.ts';
import { COUNT, type Job, POISON } from './job.ts';

/** Milliseconds after which what the killed command has left is left. */
const LEFT_AFTER = 2000;

/** What became of one start of a command. */
export interface Started {
  readonly printed: string;
  readonly hung: boolean;
  /** Processes that were there two seconds after its end. */
  readonly left: number;
}

/** Starts a command and waits for its end; kills it when a fifth of the items have been begun, or when it has hung for much too long. */
export async function startOnce(
  [command = '', ...args]: readonly string[],
  { lab, limit, begun }: Job,
  { isKilled }: { readonly isKilled: boolean },
): Promise<Started> {
  const poison = [...POISON].map(([n, kind]) => `${n}:${kind}`).join(',');
  const env = { ...process.env, [MARK_VARIABLE]: lab, BENCH_BEGUN: begun, BENCH_POISON: poison };
  const child = spawn(command, args, { cwd: lab, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const isDue = (): boolean => isKilled && lines(begun) >= COUNT / 5;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.once('error', (error) => (printed += error.message));
  // Every try of every bad item up to its limit, three times over.
  const deadline = performance.now() + limit * 1000 * POISON.size * 2 * 3;
  while (!isOver() && !isDue() && performance.now() < deadline) await sleep(5);
  const hung = !isOver() && !isKilled;
  if (!isOver()) child.kill('SIGKILL');
  await sleep(LEFT_AFTER);
  const left = processesOf(lab).length;
  for (const stream of [child.stdout, child.stderr]) stream.destroy();
  return { printed, hung, left };
}

function lines(file: string): number {
  try {
    return readFileSync(file, 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}
