import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { HashJob } from './hash-file.ts';

// Runs in a thread of its own, see `createFollower`: hashes what has been written, sleeps until there is more.
const { fd, state } = workerData as HashJob;
const hash = createHash('sha256');
const buffer = Buffer.allocUnsafe(256 * 1024);
let position = 0;

for (;;) {
  const told = Atomics.load(state, 0);
  const written = Number(told < 0n ? ~told : told);
  if (position < written) {
    const length = readSync(fd, buffer, 0, Math.min(buffer.length, written - position), position);
    if (length === 0) throw new Error(`the file ends at ${position} of ${written} bytes`);
    hash.update(buffer.subarray(0, length));
    position += length;
  } else if (told < 0n) {
    break;
  } else {
    Atomics.wait(state, 0, told);
  }
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows; a thread's port takes one argument
parentPort?.postMessage(hash.digest('hex'));
