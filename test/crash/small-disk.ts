import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Place } from './support.ts';

/** Whether this process may mount a small disk, which takes root on Linux. */
export const canMount = ((): boolean => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = join('/tmp', `shardyard-crash-mount-${process.pid}`);
  mkdirSync(folder);
  const ok = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', folder]).status === 0;
  if (ok) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return ok;
})();
if (!canMount) console.warn('SKIPPED: a full disk is tested on a small tmpfs, which takes root on Linux');

/** A disk of its own for a folder of a place. Options as `mount -t tmpfs -o` takes them: `size=64k`, `nr_inodes=20`. */
export function mountAt(place: Place, name: string, options: string): void {
  const folder = join(place.cwd, name);
  mkdirSync(folder, { recursive: true });
  expect(spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder]).status).toBe(0);
  // Runs before the place is taken away.
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
}

/** Changes a disk: makes it larger, or read-only. */
export function remount(place: Place, name: string, options: string): void {
  expect(spawnSync('mount', ['-o', `remount,${options}`, 'none', join(place.cwd, name)]).status).toBe(0);
}

/** What the worker `wide` makes of the range `0:count`. */
export const wideCsv = (count: number): string =>
  `item,text\n${Array.from({ length: count }, (_, item) => `${item},${String(item).padStart(8, '0').repeat(2500)}\n`).join('')}`;
