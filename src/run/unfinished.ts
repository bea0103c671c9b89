import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Takes away what a session or a merge that was killed had not finished. Only for the owner of the run's lock. */
export function sweepUnfinished(folder: string): void {
  for (const name of readdirSync(folder)) if (/\.tmp(\.offsets)?$|^stops\.json$/.test(name)) rmSync(join(folder, name), { force: true });
}
