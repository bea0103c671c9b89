import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { COMPILE_CACHE } from '../support/session.ts';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';

/** The command as it is installed. */
export const BIN = fileURLToPath(new URL('../../bin/shardyard.js', import.meta.url));

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a command runs: its folder, and what the environment has beside PATH. */
export interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder with some files that is gone after the test. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'shardyard-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** Starts the command without the environment of the test runner, which may hold `SHARDYARD_…`, `FORCE_COLOR` or `NO_COLOR`. */
export function start(
  args: readonly string[],
  { cwd = folder(), env = {} }: Surroundings = {},
): ChildProcessByStdio<null, Readable, Readable> {
  const all = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: COMPILE_CACHE, ...env };
  return spawn(process.execPath, [BIN, ...args], { cwd, env: all, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs the command to its end. */
export async function shardyard(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
  const child = start(args, surroundings);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...output };
}
