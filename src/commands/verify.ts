import { verify as verifyRun } from '../index.ts';
import { EXIT } from '../core/exit-codes.ts';
import { drive } from './drive.ts';
import { launchOptions } from './run.ts';
import { note } from './terminal.ts';
import { formatVerification, notVerified } from './verification-text.ts';
import type { Input } from './verbs.ts';

/** `shardyard run --verify [worker]`: both runs are shown as any run, then what they have come to. */
export async function verify(input: Input): Promise<number> {
  const { progress } = input.settings.show;
  const { reports, verification } = await verifyRun(launchOptions(input), { onRun: async (handle) => drive(handle, progress) });
  if (!verification) {
    note(notVerified(reports, input.settings.place));
    return reports.at(-1)?.exitCode ?? EXIT.stopped;
  }
  note(formatVerification(verification));
  return verification.exitCode;
}
