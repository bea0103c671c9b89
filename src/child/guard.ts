// The guard: a process that does nothing but wait for its parent's death, which it learns from the end of its input, and then
// ends every process group that it was told of, and whatever else carries the session's token. It costs the children
// nothing, and works for children that are in a busy loop or have started others in sessions of their own.
import { createInterface } from 'node:readline';
import { processesWith, signal } from '../store/processes.ts';

const token = process.argv[2] ?? '';
const groups = new Set<number>();
// A terminal's signals are meant for the parent.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  const group = Number(line.slice(1));
  if (line === 'dismissed') process.exit(0);
  // The parent is about to leave, and its children are gone; what they have started may not be.
  if (line === 'end') return input.close();
  if (!Number.isInteger(group) || group <= 1) return;
  if (line.startsWith('+')) {
    groups.add(group);
    process.stdout.write(`${group}\n`);
  } else groups.delete(group);
});
process.stdout.on('error', () => undefined);
input.on('close', () => {
  for (const group of groups) signal(-group, 'SIGKILL');
  // A process may have been forking while it was found; look until nobody is left.
  for (let round = 0; round < 50; round++) {
    const alive = processesWith(token, 'session');
    if (alive.length === 0) break;
    for (const pid of alive) signal(pid, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  process.exit(0);
});
