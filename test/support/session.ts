import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MARK_VARIABLE } from './marked.ts';

const BIN = fileURLToPath(new URL('../../bin/shardyard.js', import.meta.url));

/** One for all, so that starts are quick. */
export const COMPILE_CACHE = join(tmpdir(), 'shardyard-test-compile-cache');

/** How long the pipes of a dead process are read on, in milliseconds. */
const READ_ON = 300;

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of Shardyard that is running. */
export interface Session {
  readonly pid: number;
  /** Set once it is over. */
  readonly end: Ended | undefined;
  readonly ended: Promise<Ended>;
  kill(signal?: NodeJS.Signals): boolean;
}

/** Where a command runs; `temporary` is its folder for temporary files. */
export interface Where {
  readonly cwd: string;
  readonly mark: string;
  readonly temporary?: string;
}

/** Starts a command with a mark that all its descendants inherit. */
export function startSession(args: readonly string[], { cwd, mark, temporary }: Where): Session {
  const env = {
    PATH: process.env['PATH'],
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    [MARK_VARIABLE]: mark,
    ...(temporary === undefined ? {} : { TMPDIR: temporary }),
  };
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  let end: Ended | undefined;
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const finish = (): void => resolve((end ??= { code, signal, ...output }));
      // An orphan may hold the pipes open, and orphans are what these tests look for.
      child.once('close', finish);
      // Where this process itself stood still, what has come is read before the time is over.
      setTimeout(() => setImmediate(() => setImmediate(finish)), READ_ON).unref();
    });
  });
  return {
    pid: child.pid ?? 0,
    get end() {
      return end;
    },
    ended,
    kill: (signal = 'SIGKILL') => child.kill(signal),
  };
}

/** Runs a command to its end. */
export const runSession = (args: readonly string[], where: Where): Promise<Ended> => startSession(args, where).ended;
