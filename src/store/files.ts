import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The name that a file has until it is whole. Always the same one, so that what a killed process leaves is overwritten by the
 * next; `owner` tells apart those who may write the same file at the same time.
 */
export const temporaryName = (file: string, owner?: string): string => `${file}${owner === undefined ? '' : `.${owner}`}.tmp`;

/**
 * Makes a file that is there either whole or not at all: `write` fills a temporary name, which is synced, renamed and
 * made durable by syncing the folder. Nothing gets its final name in any other way.
 */
export async function publish<T>(file: string, write: (temporary: string) => T | Promise<T>): Promise<T> {
  const temporary = temporaryName(file);
  try {
    const result = await write(temporary);
    commitFile(temporary, file);
    return result;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The second half of `publish`, for a writer that has finished its temporary file already. */
export function commitFile(temporary: string, file: string): void {
  syncPath(temporary);
  renameSync(temporary, file);
  syncPath(dirname(file));
}

/** `publish` for text. */
export async function publishText(file: string, text: string): Promise<void> {
  await publish(file, (temporary) => {
    const descriptor = openSync(temporary, 'w');
    try {
      writeAll(descriptor, Buffer.from(text));
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Makes a file's content, or a folder's list of names, durable. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Syncs a folder without blocking; calls that arrive while one is under way share the next. */
export function folderSyncer(folder: string): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const sync = async (): Promise<void> => {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };
  return () => {
    if (!running) return (running = sync().finally(() => (running = undefined)));
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return (running = sync().finally(() => (running = undefined)));
      });
    return next;
  };
}

/** Writes all of `bytes`; a short write is continued. */
export function writeAll(descriptor: number, bytes: Uint8Array, length = bytes.length): void {
  for (let at = 0; at < length;) at += writeSync(descriptor, bytes, at, length - at);
}
