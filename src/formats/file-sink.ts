import { closeSync, fdatasync, fsync, openSync, rmSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { createFollower, hashFile, type Follower } from './hash-file.ts';
import type { Digest, FileSink } from './sink.ts';

/** Up to here hashing at the end takes less time than a thread takes to start. */
const FOLLOW_FROM = 32 * 1024 * 1024;

/** Longer writes cost the kernel twice the time a byte. */
const PIECE = 256 * 1024;
/** A steady writer syncs after so many bytes. */
const SYNC_EVERY = 64 * 1024 * 1024;

export interface FileSinkOptions {
  readonly followFrom?: number;
  /** For a writer that has time: syncs as it goes, so that little of that is left for the end. */
  readonly steady?: boolean;
}

/**
 * Writes a new file (an existing one is overwritten). `write` is synchronous and does not copy. The hash costs the writing
 * thread nothing: a large file is hashed by a thread that reads behind the writer, from the page cache; a small one at the end.
 */
export function openFileSink(file: string, { followFrom = FOLLOW_FROM, steady = false }: FileSinkOptions = {}): FileSink {
  const fd = openSync(file, 'w+');
  let bytes = 0;
  let follower: Follower | undefined;
  let open = true;
  let synced = 0;
  let syncing: Promise<unknown> | undefined;
  let fault: { readonly error: unknown } | undefined;

  /** Beside the writing. What it fails with is kept: the kernel drops what it could not write, and a later sync would succeed. */
  function sync(): void {
    synced = bytes;
    syncing = promisify(fdatasync)(fd)
      .catch((error: unknown) => (fault = { error }))
      .then(() => (syncing = undefined));
  }

  function write(chunk: Uint8Array): void {
    for (let start = 0; start < chunk.length;) start += writeSync(fd, chunk, start, Math.min(PIECE, chunk.length - start));
    bytes += chunk.length;
    if (steady && bytes - synced >= SYNC_EVERY && !syncing) sync();
    if (bytes < followFrom) return;
    follower ??= createFollower(fd);
    follower.grow(bytes);
  }

  async function finish(): Promise<Digest> {
    // Not begun any earlier: on two cores a sync beside the copying took as much from it as it saved here.
    const durable = promisify(fsync)(fd);
    let sha256: string;
    try {
      sha256 = follower === undefined ? hashFile(fd, bytes) : await follower.finish();
    } finally {
      await durable;
      await syncing;
    }
    if (fault) throw fault.error;
    open = false;
    closeSync(fd);
    return { bytes, sha256 };
  }

  async function abort(): Promise<void> {
    if (!open) return;
    open = false;
    await follower?.stop();
    await syncing;
    closeSync(fd);
    rmSync(file, { force: true });
  }

  return { write, finish, abort };
}
