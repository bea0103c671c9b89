// The guard: a process that does nothing but wait for its parent's death, which it learns from the end of its input, and then
// ends every process group that it was told of, and whatever else carries the session's token. It costs the children
// nothing, and works for children that are in a busy loop or have started others in sessions of their own.
//
// It blocks in a read, without an event loop: when it wakes among dozens of busy processes, every millisecond of CPU between the end of
// its input and the first kill is a turn in the scheduler's queue.
import { readSync, writeSync } from 'node:fs';
import { processesWith, signal } from '../store/processes.ts';

/** How often whoever is left is looked for, and the pause between two looks and between two reads that find nothing (ms). */
const ROUNDS = 50;
const PAUSE = 20;

const token = process.argv[2] ?? '';
const groups = new Set<number>();
// A terminal's signals are meant for the parent. With a handler they only wait.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

listen();
for (const group of groups) signal(-group, 'SIGKILL');
// A process may have been forking while it was found; look until nobody is left.
for (let round = 0; round < ROUNDS; round++) {
  const alive = processesWith(token, 'session');
  if (alive.length === 0) break;
  for (const pid of alive) signal(pid, 'SIGKILL');
  pause();
}
process.exit(0);

/** Follows what the parent says; comes back when it is dead or about to leave. */
function listen(): void {
  const bytes = Buffer.alloc(4096);
  for (let rest = ''; ;) {
    const length = read(bytes);
    if (length === 0) return;
    const lines = (rest + bytes.toString('latin1', 0, length)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === 'dismissed') process.exit(0);
      // The parent is about to leave, and its children are gone; what they have started may not be.
      if (line === 'end') return;
      heed(line);
    }
  }
}

/** `+123`: there is a group 123; `-123`: there is none any more. A group that it knows it says back. */
function heed(line: string): void {
  const group = Number(line.slice(1));
  if (!Number.isInteger(group) || group <= 1) return;
  if (!line.startsWith('+')) return void groups.delete(group);
  groups.add(group);
  try {
    writeSync(1, `${group}\n`);
  } catch {
    // The parent has just died; the next read says so.
  }
}

/** Waits for input; gives the number of bytes, 0 at its end. */
function read(bytes: Buffer): number {
  for (;;) {
    try {
      return readSync(0, bytes);
    } catch (error) {
      // Only where somebody has made the pipe non-blocking; any other error is as good as its end.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return 0;
      pause();
    }
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
}
