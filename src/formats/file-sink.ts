import { closeSync, fdatasync, fsync, openSync, rmSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { createFollower, hashFile, type Follower } from './hash-file.ts';
import type { Digest, FileSink } from './sink.ts';

const MiB = 1024 * 1024;

/** Up to here hashing at the end takes less time than a thread takes to start. */
const FOLLOW_FROM = 32 * MiB;

/** So often the disk is told to begin writing, which leaves little for the sync at the end. */
const SYNC_EVERY = 64 * MiB;

/**
 * Writes a new file (an existing one is overwritten). `write` is synchronous and does not copy. The hash costs the writing
 * thread nothing: a large file is hashed by a thread that reads behind the writer, from the page cache; a small one at the end.
 */
export function openFileSink(file: string, { followFrom = FOLLOW_FROM, syncEvery = SYNC_EVERY } = {}): FileSink {
  const fd = openSync(file, 'w+');
  let bytes = 0;
  let follower: Follower | undefined;
  let syncAt = syncEvery;
  let syncing: Promise<unknown> | undefined;
  let failure: unknown;
  let open = true;

  function write(chunk: Uint8Array): void {
    for (let start = 0; start < chunk.length;) start += writeSync(fd, chunk, start);
    bytes += chunk.length;
    if (bytes >= followFrom) {
      follower ??= createFollower(fd);
      follower.grow(bytes);
    }
    if (bytes >= syncAt && syncing === undefined) startSync();
  }

  function startSync(): void {
    syncAt = bytes + syncEvery;
    syncing = promisify(fdatasync)(fd)
      // Kept for `finish`: the kernel reports a failed write-back once, the next sync would succeed.
      .catch((error: unknown) => (failure ??= error))
      .finally(() => (syncing = undefined));
  }

  async function finish(): Promise<Digest> {
    await syncing;
    if (failure !== undefined) throw failure;
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
    await Promise.all([syncing, follower?.stop()]);
    closeSync(fd);
    rmSync(file, { force: true });
  }

  return { write, finish, abort };
}
