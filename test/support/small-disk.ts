import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of its own for a folder: a tmpfs, which takes root on Linux. */
export class SmallDisk {
  readonly #folder: string;

  /** `size` as mount(8) takes it: `64m`. */
  constructor(folder: string, size: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`no disk at ${folder}: ${stderr}`);
  }

  get #filler(): string {
    return join(this.#folder, 'filler');
  }

  /** Takes all the room that is left, to the last byte. */
  fill(): void {
    const file = openSync(this.#filler, 'a');
    try {
      for (let size = 1 << 20; size > 0; size >>= 1) takeAll(file, Buffer.alloc(size));
    } finally {
      closeSync(file);
    }
  }

  /** Makes room again, where it was taken. */
  free(): void {
    rmSync(this.#filler, { force: true });
  }

  unmount(): void {
    spawnSync('umount', ['-l', this.#folder]);
  }
}

function takeAll(file: number, bytes: Buffer): void {
  try {
    while (writeSync(file, bytes) === bytes.length);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}

/** Whether disks can be made here. */
export function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'shardyard-mount-'));
  try {
    new SmallDisk(folder, '64k').unmount();
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}
