import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UserError } from '../core/errors.ts';
import { asDiskError } from './disk-error.ts';
import { startTime } from './processes.ts';
import { removeSocket, socketName } from './socket.ts';

/** Who has a run: the parent's PID, its start time (see `startTime`), and since when (ms since 1970). */
export interface Owner {
  readonly pid: number;
  readonly pidStart: string;
  readonly since: number;
  /** Where it can be reached; missing in those of earlier versions. */
  readonly socket?: string;
}

/** The right to change a run. Held until `release`, or until the process is gone, however it ends. */
export interface Lock {
  /** A name for a socket by which others can reach this process; the file goes when the run is let go, or is next taken. */
  readonly socket: string;
  release(): void;
}

const HINT = 'make room or mend the folder, and try again';
const lockFile = (folder: string): string => join(folder, 'lock.sqlite');
const ownerFile = (folder: string): string => join(folder, 'owner.json');

/**
 * Takes a run for this process. SQLite's exclusive lock excludes (the kernel gives it back the moment its owner dies); the
 * owner's file beside it only tells who. Throws a `UserError` naming the owner when somebody else has the run.
 */
export function takeLock(folder: string, run: string): Lock {
  const database = new DatabaseSync(lockFile(folder));
  try {
    database.exec('PRAGMA busy_timeout = 0');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!(error instanceof Error && /locked|busy/i.test(error.message))) throw asDiskError(error, HINT);
    const owner = readOwner(folder);
    const who = owner ? `process ${owner.pid}, since ${new Date(owner.since).toISOString()}` : 'another process';
    throw new UserError(`the run ${run} is being worked on by ${who}`, {
      hint: `watch it with \`shardyard status ${run}\`, or end that process first`,
      cause: error,
    });
  }
  const socket = socketName(folder);
  const owner: Owner = { pid: process.pid, pidStart: startTime(process.pid) ?? '', since: Date.now(), socket };
  try {
    // Whoever had it was killed.
    removeSocket(readOwner(folder)?.socket);
    writeFileSync(ownerFile(folder), JSON.stringify(owner));
  } catch (error) {
    database.close();
    throw asDiskError(error, HINT);
  }
  return { socket, release: () => release(folder, database, socket) };
}

function release(folder: string, database: DatabaseSync, socket: string): void {
  try {
    removeSocket(socket);
    // Only who has the lock may touch the file: behind it the next owner's would be taken away.
    rmSync(ownerFile(folder), { force: true });
  } catch {
    // On a disk that is read-only by now the name stays, for as long as this process lives.
  }
  database.close();
}

/** Who has the run, or had it when it was killed. */
export function readOwner(folder: string): Owner | undefined {
  try {
    // Written by `takeLock` alone; anything else fails the checks below.
    const owner = JSON.parse(readFileSync(ownerFile(folder), 'utf8')) as Partial<Owner>;
    if (typeof owner.pid !== 'number' || typeof owner.pidStart !== 'string' || typeof owner.since !== 'number') return undefined;
    const { pid, pidStart, since, socket } = owner;
    return { pid, pidStart, since, ...(typeof socket === 'string' ? { socket } : {}) };
  } catch {
    return undefined;
  }
}

/** True while the owner's process lives. */
export function isOwned(folder: string): boolean {
  const owner = readOwner(folder);
  return owner !== undefined && startTime(owner.pid) === owner.pidStart;
}
