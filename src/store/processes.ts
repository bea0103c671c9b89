import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The name of the environment variable that marks every process of a run, and their descendants, with the run's token. */
export const TOKEN_VARIABLE = 'SHARDYARD_INTERNAL_TOKEN';

/** Marks, on top of that, what one child has started, however deep and in whatever process group. */
export const CHILD_VARIABLE = 'SHARDYARD_INTERNAL_CHILD';

/**
 * When a process was started, in clock ticks since boot; with the PID it identifies a process for ever. `undefined` when there
 * is no such process, or only its zombie. Empty where the system does not tell (no /proc).
 */
export function startTime(pid: number): string | undefined {
  try {
    // The command's name is in parentheses and may contain anything, so fields are counted behind the last one. See proc(5).
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\)/s, '').trim().split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : (fields[19] ?? '');
  } catch {
    if (process.platform === 'linux') return undefined;
    return signal(pid, 0) ? '' : undefined;
  }
}

/** A signal to a process, or with a negative number to its group; false when there is none. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

let sessions = 0;

/**
 * The token of a session: the run's token, the session's number, and, for a session that ends before the journal knows its number, this
 * process and how many it has had. A guard of the session before must not end its heir's children. Another one each time.
 */
export const sessionToken = (token: string, session: number): string => `${token}.${session}.${process.pid}.${sessions++}`;

/** The processes whose environment holds a run's or a session's token, without this one. Linux only; elsewhere none. */
export function processesWith(token: string, scope: 'run' | 'session'): number[] {
  return processesMarked([`${TOKEN_VARIABLE}=${token}${scope === 'run' ? '.' : '\0'}`]);
}

/** The processes that these children have started, by their marks. */
export const startedBy = (children: readonly string[]): number[] => processesMarked(children.map((mark) => `${CHILD_VARIABLE}=${mark}\0`));

function processesMarked(marks: readonly string[]): number[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        const environment = `${readFileSync(`/proc/${name}/environ`, 'latin1')}\0`;
        return marks.some((mark) => environment.includes(mark)) && startTime(Number(name)) !== undefined;
      } catch {
        return false;
      }
    })
    .map(Number);
}

/**
 * Ends what a dead parent left behind: the groups of its children, known by PID and start time, and everything that
 * carries the run's token. Never by name. Settles when they are gone; returns how many there were.
 */
export async function endLeftovers(children: readonly { pid: number; pidStart: string }[], token: string): Promise<number> {
  const found = new Set<number>();
  for (const { pid, pidStart } of children) {
    if (pidStart === '' || startTime(pid) !== pidStart) continue;
    found.add(pid);
    signal(-pid, 'SIGKILL');
    signal(pid, 'SIGKILL');
  }
  for (let round = 0; round < 200; round++) {
    const alive = processesWith(token, 'run');
    for (const pid of alive) {
      found.add(pid);
      signal(pid, 'SIGKILL');
    }
    if (alive.length === 0 && [...found].every((pid) => startTime(pid) === undefined)) break;
    await sleep(10);
  }
  return found.size;
}
