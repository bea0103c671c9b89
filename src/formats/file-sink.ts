import { closeSync, fsync, openSync, rmSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { createFollower, hashFile, type Follower } from './hash-file.ts';
import type { Digest, FileSink } from './sink.ts';

/** Up to here hashing at the end takes less time than a thread takes to start. */
const FOLLOW_FROM = 32 * 1024 * 1024;

/**
 * Writes a new file (an existing one is overwritten). `write` is synchronous and does not copy. The hash costs the writing
 * thread nothing: a large file is hashed by a thread that reads behind the writer, from the page cache; a small one at the end.
 */
export function openFileSink(file: string, { followFrom = FOLLOW_FROM } = {}): FileSink {
  const fd = openSync(file, 'w+');
  let bytes = 0;
  let follower: Follower | undefined;
  let open = true;

  function write(chunk: Uint8Array): void {
    for (let start = 0; start < chunk.length;) start += writeSync(fd, chunk, start);
    bytes += chunk.length;
    if (bytes < followFrom) return;
    follower ??= createFollower(fd);
    follower.grow(bytes);
  }

  async function finish(): Promise<Digest> {
    // Not begun any earlier: on two cores a sync beside the copying took as much from it as it saved here.
    const synced = promisify(fsync)(fd);
    let sha256: string;
    try {
      sha256 = follower === undefined ? hashFile(fd, bytes) : await follower.finish();
    } finally {
      await synced;
    }
    open = false;
    closeSync(fd);
    return { bytes, sha256 };
  }

  async function abort(): Promise<void> {
    if (!open) return;
    open = false;
    await follower?.stop();
    closeSync(fd);
    rmSync(file, { force: true });
  }

  return { write, finish, abort };
}
