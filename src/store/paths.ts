import { isAbsolute, join, relative } from 'node:path';

/** The folders of a run. */
export interface RunPaths {
  readonly run: string;
  /** `data/runs/<run>` */
  readonly folder: string;
  readonly parts: string;
  readonly journal: string;
  /** What changes all the time, for `status` in another terminal; gone when nobody works on the run. */
  readonly live: string;
  /** When the children of the session stood still; there only where they have. */
  readonly stops: string;
  readonly report: string;
  /** The files that items have made, under their own names. */
  readonly artifacts: string;
  /** `logs/<run>` */
  readonly logs: string;
}

/** Where the runs of a data folder are. */
export const runsFolder = (dataDir: string): string => join(dataDir, 'runs');

export function runPaths(dataDir: string, logsDir: string, run: string): RunPaths {
  const folder = join(runsFolder(dataDir), run);
  return {
    run,
    folder,
    parts: join(folder, 'parts'),
    journal: join(folder, 'journal.ndjson'),
    live: join(folder, 'live.json'),
    stops: join(folder, 'stops.json'),
    report: join(folder, 'report.json'),
    artifacts: join(folder, 'artifacts'),
    logs: join(logsDir, run),
  };
}

/** A path as it is shown: relative to the current folder where that is shorter. */
export function shown(path: string): string {
  if (!isAbsolute(path)) return path;
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short || '.';
}
