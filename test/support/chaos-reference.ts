import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scenario } from './chaos-plan.ts';
import { runSession } from './session.ts';

/** What an undisturbed run without poisoned items makes. */
export interface Reference {
  readonly sha256: string;
  /** What it takes, in milliseconds. */
  readonly ms: number;
}

/** The result without disturbance, from a list without some of its items. */
export async function undisturbed(scenario: Scenario, without: readonly number[]): Promise<Reference> {
  const folder = mkdtempSync(join(tmpdir(), 'shardyard-chaos-'));
  const since = performance.now();
  const args = ['run', ...scenario.args, '--param', `without=${without.join(',')}`, '--name', 'r', '--progress', 'none'];
  const { code, stderr } = await runSession(args, { cwd: folder, mark: folder });
  if (code !== 0) throw new Error(`${scenario.name} ends with ${code} when nobody disturbs it: ${stderr}`);
  const reference = { ms: performance.now() - since, sha256: sha256Of(join(folder, scenario.output)) };
  rmSync(folder, { recursive: true, force: true });
  return reference;
}

/** The SHA-256 of a file. */
export const sha256Of = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
