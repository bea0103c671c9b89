import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** See `run/part-source`: what fits into a core's cache. */
const STEP = 256 * 1024;

/** The SHA-256 of the first `bytes` bytes of an open file, in hexadecimal. Synchronous: 1 ms a MiB. */
export function hashFile(fd: number, bytes: number): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(bytes, STEP));
  for (let position = 0; position < bytes;) {
    const length = readSync(fd, buffer, 0, Math.min(STEP, bytes - position), position);
    if (length === 0) throw new Error(`the file ends at ${position} of ${bytes} bytes`);
    hash.update(buffer.subarray(0, length));
    position += length;
  }
  return hash.digest('hex');
}

/** A thread that hashes an open file while it is being written. */
export interface Follower {
  /** So many bytes have been written by now. */
  grow(bytes: number): void;
  /** The SHA-256 of what `grow` was last told, in hexadecimal. */
  finish(): Promise<string>;
  /** Ends the thread; nothing has the file in its hands afterwards. */
  stop(): Promise<void>;
}

/** What the thread is given: `state[0]` is the number of bytes written, and its complement (below 0) once it is the last. */
export interface HashJob {
  readonly fd: number;
  readonly state: BigInt64Array;
}

/** Starts a thread that reads behind the writer through the same file descriptor, at positions of its own. */
export function createFollower(fd: number): Follower {
  const state = new BigInt64Array(new SharedArrayBuffer(8));
  const job: HashJob = { fd, state };
  // The build does not rewrite URLs: beside this file lies the thread's, with the same ending (.ts in src, .js in dist).
  const url = new URL(`./hash-thread${extname(import.meta.filename)}`, import.meta.url);
  const thread = new Worker(url, { workerData: job, execArgv: [] });
  const hashed = new Promise<string>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`the hashing thread ended with code ${code} and without a hash`)));
  });
  // Whoever wants the hash asks for it in `finish`; until then a failure waits, and the thread keeps no process alive.
  hashed.catch(() => {});
  thread.unref();

  function tell(value: bigint): void {
    Atomics.store(state, 0, value);
    Atomics.notify(state, 0);
  }

  return {
    grow: (bytes) => tell(BigInt(bytes)),
    finish() {
      thread.ref();
      tell(~Atomics.load(state, 0));
      return hashed;
    },
    async stop() {
      await thread.terminate();
    },
  };
}
