// Loaded by the first item that makes a file of its own: most never do.
import { createHash } from 'node:crypto';
import { lstat, open, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { foldersOf, type Made } from '../core/artifact.ts';
import type { ItemArtifacts } from './artifacts.ts';

const CHUNK = 1 << 20;
/** Folders of attempts whose names are durable: one a child. */
const known = new Set<string>();

/**
 * An item is finished: its files have to be there, are hashed and synced, and get the place from which the parent takes them. What the
 * ledger says of them afterwards holds, whatever dies when.
 */
export async function seal({ folder, sealed, names }: ItemArtifacts): Promise<Made[]> {
  const made: Made[] = [];
  for (const name of names) made.push({ name, ...(await hashAndSync(join(folder, name), name)) });
  await refuseOthers(folder, names);
  for (const inner of new Set([...names].flatMap(foldersOf))) await syncFolder(join(folder, inner));
  await syncFolder(folder);
  await rename(folder, sealed);
  const attempt = dirname(sealed);
  await syncFolder(attempt);
  if (!known.has(attempt)) for (const above of [dirname(attempt), dirname(dirname(attempt))]) await syncFolder(above);
  known.add(attempt);
  return made;
}

async function hashAndSync(file: string, name: string): Promise<{ bytes: number; sha256: string }> {
  const found = await lstat(file).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  const quoted = JSON.stringify(name);
  if (!found) throw new Error(`the item has asked for the artifact ${quoted} and written no such file`);
  if (!found.isFile()) throw new Error(`the artifact ${quoted} is not a file`);
  const handle = await open(file, 'r');
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK, found.size)));
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
    await handle.sync();
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

/** A file beside those that were asked for would be lost without a word. */
async function refuseOthers(folder: string, names: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const name = join(entry.parentPath, entry.name).slice(folder.length + 1);
    if (!names.has(name))
      throw new Error(`the item has written ${JSON.stringify(name)} beside its artifacts: ask for it with ctx.artifact`);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
