import { basename, join, resolve } from 'node:path';
import { UserError } from '../core/errors.ts';
import { EXIT } from '../core/exit-codes.ts';
import { checkRunName } from '../core/names.ts';
import type { LaunchOptions } from '../core/options.ts';
import type { Report } from '../core/report.ts';
import type { Verification, Verified } from '../core/verification.ts';
import { publishText } from '../store/files.ts';
import { readManifest } from '../store/manifest.ts';
import { runPaths } from '../store/paths.ts';
import { compareRuns } from './compare.ts';
import { findRun } from './find-run.ts';
import { cleanRun } from './maintain.ts';
import { commandFor } from './next-command.ts';

/** What the run with one process is called. */
const aloneName = (run: string): string => `${run.slice(0, 93)}-verify`;

/** Launches a run; settles with its report. */
type Start = (options: LaunchOptions) => Promise<Report>;

/**
 * Does a run, then all of it again as a run of its own with one process, and compares what they made. The second run goes once it is known to be
 * the same; else it stays.
 */
export async function verifyRun(options: LaunchOptions, start: Start): Promise<Verified> {
  const folders = { dataDir: options.dataDir, logsDir: options.logsDir };
  const pathsOf = (run: string): ReturnType<typeof runPaths> =>
    runPaths(resolve(options.dataDir ?? 'data'), resolve(options.logsDir ?? 'logs'), run);
  if (options.items === '-') {
    throw new UserError('--verify lists the items twice, and stdin can be read once', { hint: 'write them to a file: --items items.txt' });
  }
  if (options.name !== undefined && readManifest(pathsOf(aloneName(checkRunName(options.name))).folder)) {
    const alone = aloneName(options.name);
    throw new UserError(`there is a run ${alone} already`, {
      hint: `look at it, then \`${commandFor('clean', alone, folders, ' --yes')}\``,
    });
  }
  const report = await start(options);
  if (report.state === 'stopped') return { reports: [report], verification: null };
  const { run } = report;
  const alone = aloneName(run);
  const choice = {
    run,
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
    ...(options.logsDir === undefined ? {} : { logsDir: options.logsDir }),
  };
  const { settings } = findRun(choice).manifest;
  const output = join(pathsOf(alone).folder, basename(settings.output));
  const second = await start({ ...options, name: alone, processes: 1, output });
  if (second.state === 'stopped') return { reports: [report, second], verification: null };
  const difference = await compareRuns(choice, { ...choice, run: alone });
  const verification: Verification = {
    version: 1,
    run,
    alone,
    processes: settings.processes,
    identical: difference === null,
    difference,
    time: report.time,
    aloneTime: second.time,
    speedUp: second.time.wall / Math.max(1, report.time.wall),
    exitCode: difference === null ? report.exitCode : EXIT.merge,
  };
  await publishText(join(pathsOf(run).folder, 'verify.json'), `${JSON.stringify(verification, null, 2)}\n`);
  if (verification.identical) await cleanRun({ ...choice, run: alone });
  return { reports: [report, second], verification };
}
