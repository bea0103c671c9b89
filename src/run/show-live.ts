import { renameSync, writeFileSync } from 'node:fs';
import type { Snapshot } from '../core/report.ts';
import { temporaryName } from '../store/files.ts';

/** Writes what other terminals see of this one; lost with a power cut, and worth nothing then. */
export function showLive(file: string, snapshot: Snapshot): void {
  const temporary = temporaryName(file);
  try {
    writeFileSync(temporary, JSON.stringify(snapshot));
    renameSync(temporary, file);
  } catch {
    // The disk's fault shows where it counts.
  }
}
