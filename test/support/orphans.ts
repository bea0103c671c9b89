// How long children and grandchildren in busy loops outlive their parent (SPEC P5, "gone within 2 s").
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startTime } from '../../src/store/processes.ts';
import { killAll, type Marked, processesOf } from './marked.ts';
import { OwnTime } from './own-time.ts';
import { type Session, startSession } from './session.ts';

const WORKER = fileURLToPath(new URL('../fixtures/workers/busy-pair.ts', import.meta.url));
/** Milliseconds for so many processes to start on a busy machine, and after which what is left is left. */
const PATIENCE = 180_000;
const GIVEN_UP = 20_000;

/** What became of everybody when their parent was killed. */
export interface Orphaned {
  /** Processes in busy loops when the parent died. */
  readonly busy: number;
  /** Milliseconds of our own time until nobody was left; Infinity when somebody was to the end. */
  readonly ms: number;
}

/** Kills the parent of so many children in busy loops, each with a grandchild in one, half of these in sessions of their own. */
export async function orphan(children: number): Promise<Orphaned> {
  const folder = mkdtempSync(join(tmpdir(), 'shardyard-orphans-'));
  const count = String(children);
  const shape = ['-p', count, '--shards', count, '--batch-size', '1', '--spares', '0', '--progress', 'none'];
  const session = startSession(['run', WORKER, '--items', `0:${count}`, '--name', 'r', ...shape], { cwd: folder, mark: folder });
  try {
    await files('waiting-*', children, folder, session);
    writeFileSync(join(folder, 'go'), '');
    await files('busy-*', children, folder, session);
    const before = processesOf(folder);
    const busy = before.filter(({ role }) => role === 'child' || role === 'other').length;
    if (busy < 2 * children) throw new Error(`only ${busy} of ${2 * children} processes are there`);
    session.kill('SIGKILL');
    return { busy, ms: await allGone(before, folder) };
  } finally {
    await killAll(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function files(pattern: string, wanted: number, cwd: string, session: Session): Promise<void> {
  for (const deadline = performance.now() + PATIENCE; globSync(pattern, { cwd }).length < wanted; await sleep(20)) {
    if (session.end) throw new Error(`the run has ended: ${session.end.stderr}`);
    if (performance.now() > deadline) throw new Error(`there are not ${wanted} ${pattern}`);
  }
}

/** How long until nobody was left. Looks at those that were there, which is cheap, until the last of them is gone; then at everybody. */
async function allGone(before: readonly Marked[], mark: string): Promise<number> {
  for (const time = new OwnTime(); time.look() < GIVEN_UP; await sleep(2)) {
    if (before.some(({ pid, pidStart }) => startTime(pid) === pidStart)) continue;
    const ms = time.look();
    if (processesOf(mark).length === 0) return ms;
  }
  return Infinity;
}
