import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTime } from '../../src/store/processes.ts';
import { OwnTime } from './own-time.ts';

/** Every process of a test, however it was started, inherits this variable; its value is the test's mark. */
export const MARK_VARIABLE = 'CRASH_TEST_MARK';

/** What a process of a run does. `other`: started by a worker, or not far enough to tell. */
export type Role = 'parent' | 'guard' | 'planner' | 'child' | 'other';

export interface Marked {
  readonly pid: number;
  /** As `startTime` gives it: with the PID it names a process for ever. */
  readonly pidStart: string;
  readonly role: Role;
}

/** The living processes that carry a mark. Zombies are dead. Linux only. */
export function processesOf(mark: string): Marked[] {
  const wanted = `${MARK_VARIABLE}=${mark}\0`;
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      if (!`${readFileSync(`/proc/${name}/environ`, 'latin1')}\0`.includes(wanted)) return [];
      const pidStart = startTime(pid);
      return pidStart === undefined ? [] : [{ pid, pidStart, role: roleOf(readFileSync(`/proc/${name}/cmdline`, 'latin1')) }];
    } catch {
      // It has just ended.
      return [];
    }
  });
}

function roleOf(commandLine: string): Role {
  const entry = /\/(?:child\/(guard|planner|main)\.[cm]?[jt]s|bin\/(shardyard)\.js)\0/.exec(commandLine);
  if (entry?.[2]) return 'parent';
  const role = entry?.[1];
  return role === 'guard' || role === 'planner' ? role : role === 'main' ? 'child' : 'other';
}

/** Kills exactly this process, or sends it another signal; false when it is gone already. */
export function killMarked({ pid, pidStart }: Marked, signal: NodeJS.Signals = 'SIGKILL'): boolean {
  if (startTime(pid) !== pidStart) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Waits until no process carries the mark; gives how long that took, in milliseconds of our own, or who was there at the end of `limit`. */
export async function gone(mark: string, limit: number): Promise<{ readonly ms: number; readonly left: readonly Marked[] }> {
  const time = new OwnTime();
  for (;;) {
    const left = processesOf(mark);
    const ms = time.look();
    if (left.length === 0 || ms > limit) return { ms, left };
    await sleep(5);
  }
}

/** Ends whatever carries the mark, for the end of a test that failed. */
export async function killAll(mark: string): Promise<void> {
  for (let left = processesOf(mark); left.length > 0; left = processesOf(mark)) {
    for (const one of left) killMarked(one);
    await sleep(10);
  }
}
