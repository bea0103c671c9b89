import { randomBytes } from 'node:crypto';
import { lstatSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The kernel has room for so many bytes of a socket's path. */
const LONGEST = 107;

/** A path for the socket of a run: in its folder, or where that is too long, under a name that nobody can guess in the system's temporary folder. */
export function socketName(folder: string): string {
  const path = join(folder, 'control.sock');
  return Buffer.byteLength(path) <= LONGEST ? path : join(tmpdir(), `shardyard-${randomBytes(8).toString('hex')}.sock`);
}

/** Takes away a socket that nobody listens to any more; anything else under its name stays. */
export function removeSocket(path: string | undefined): void {
  // Not `rmSync`: its errors have no code.
  if (path !== undefined && lstatSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path);
}
