import { createReporter, formatSummary } from '../reporters/index.ts';
import { formatSnapshot } from './snapshot.ts';
import { wireSignals } from './signals.ts';
import { colour, note } from './terminal.ts';
import type { Reporter, RunHandle } from '../core/handle.ts';
import type { Progress } from '../core/options.ts';
import type { Report } from '../core/report.ts';

/** Shows a run until it is over, lets signals stop it, prints its summary where that is wanted, and resolves with its exit code. */
export async function drive(
  handle: RunHandle,
  progress: Progress = 'auto',
  isWanted = (_report: Report): boolean => true,
): Promise<number> {
  const unwire = wireSignals(handle, () => note(formatSnapshot(handle.snapshot())));
  try {
    const reporter = createReporter(progress, { stdout: process.stdout, stderr: process.stderr }, handle);
    // Wrong input rejects this and the report alike; the report's is the one that is thrown.
    handle.planned.catch(() => {});
    const [report] = await Promise.all([handle.report, show(handle, reporter)]);
    reporter.onEnd(report);
    if (isWanted(report)) note(formatSummary(report, colour.err.level > 0));
    return report.exitCode;
  } finally {
    unwire();
  }
}

async function show(handle: RunHandle, reporter: Reporter): Promise<void> {
  for await (const event of handle) reporter.onEvent(event);
}
