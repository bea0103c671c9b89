import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RUN, type Scenario } from './chaos-plan.ts';
import { runSession } from './session.ts';

/** What an undisturbed run without poisoned items makes. */
export interface Reference {
  readonly sha256: string;
  /** The files that items have made: their names and checksums. */
  readonly artifacts: readonly string[];
  /** What it takes, in milliseconds. */
  readonly ms: number;
}

/** The result without disturbance, from a list without some of its items. */
export async function undisturbed(scenario: Scenario, without: readonly number[]): Promise<Reference> {
  const folder = mkdtempSync(join(tmpdir(), 'shardyard-chaos-'));
  const since = performance.now();
  const args = ['run', ...scenario.args, '--param', `without=${without.join(',')}`, '--name', RUN, '--progress', 'none'];
  const { code, stderr } = await runSession(args, { cwd: folder, mark: folder });
  if (code !== 0) throw new Error(`${scenario.name} ends with ${code} when nobody disturbs it: ${stderr}`);
  const reference = { ms: performance.now() - since, sha256: sha256Of(join(folder, scenario.output)), artifacts: artifactsIn(folder) };
  rmSync(folder, { recursive: true, force: true });
  return reference;
}

/** Everything that lies under the name of an artifact. */
export function artifactsIn(folder: string): string[] {
  const place = join(folder, 'data', 'runs', RUN, 'artifacts');
  const found = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  return found
    .map(({ parentPath, name }) => `${join(parentPath, name).slice(place.length)} ${sha256Of(join(parentPath, name))}`)
    .toSorted();
}

/** The SHA-256 of a file. */
export const sha256Of = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
