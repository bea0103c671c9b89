import { globSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../src/core/events.ts';
import { readJournal } from '../src/store/journal.ts';
import { alternate } from './support/alternate.ts';
import type { Benchmark, BenchOptions, Row } from './support/benchmark.ts';
import { measure } from './support/measure.ts';
import { command, run } from './support/shardyard.ts';
import { atMost, megabytes, seconds, times } from './support/stats.ts';

const PARTS = 20;
const NEEDED = 6e9;

export const merge: Benchmark = {
  name: 'merge',
  about: `How long a finished run takes to become one file: 1 GB of rows in 20 parts, each checked against its checksum in the journal, copied, hashed
(SHA-256) and synced to disk, against \`cat parts > file\`, which does none of that, and \`cat parts > file && sync file\`. "The merging" is what the
journal says of it; "the command" is \`shardyard merge\` from its start to its end. The memory is that of the command.`,
  async run(options) {
    const { bavail, bsize } = statfsSync(options.lab);
    if (bavail * bsize < NEEDED) {
      options.say(`SKIPPED: ${options.lab} has less than ${megabytes(NEEDED)} free`);
      return [];
    }
    return [...(await mergeOf('csv', 1_200_000, options)), ...(await mergeOf('ndjson', 575_000, options))];
  },
};

/** `rows`: how many an item needs for 50 MB. */
async function mergeOf(format: 'csv' | 'ndjson', rows: number, { runs, quick, lab, say }: BenchOptions): Promise<readonly Row[]> {
  const made = await run(lab, 'rows.mjs', ['--items', `0:${PARTS}`, '-p', '2', '--batch-size', '1', '-o', join(lab, `made.${format}`)], {
    BENCH_ROWS: String(quick ? rows / 10 : rows),
  });
  rmSync(join(lab, `made.${format}`));
  const parts = globSync(join(made.folder, 'parts', `*[0-9].${format}`)).toSorted();
  if (parts.length !== PARTS) throw new Error(`${parts.length} parts instead of ${PARTS}`);
  const bytes = made.report.output?.bytes ?? 0;
  const output = join(lab, `merged.${format}`);
  const shell = (script: string) => async () => {
    const { wall, cpu, peak } = await measure({ command: 'sh', args: ['-c', script, 'sh', output, ...parts], cwd: lab });
    return { wall, cpu, peak, merging: wall };
  };
  const medians = await alternate(
    [
      {
        name: 'ours',
        async run() {
          const { wall, cpu, peak } = await command(lab, ['merge', made.name, '--output', output]);
          return { wall, cpu, peak, merging: lastMerge(join(made.folder, 'journal.ndjson')) };
        },
      },
      { name: 'cat', run: shell('out=$1; shift; cat "$@" > "$out"') },
      { name: 'cat, sync', run: shell('out=$1; shift; cat "$@" > "$out" && sync "$out"') },
    ],
    {
      runs,
      say,
      // Nobody pays for what the one before has left to be written.
      async clean() {
        rmSync(output);
        await measure({ command: 'sync', args: [], cwd: lab });
      },
    },
  );
  rmSync(made.folder, { recursive: true });
  const ours = medians.of('ours');
  const row = (what: string, key: 'merging' | 'wall' | 'cpu', against: string, limit?: number): Row => {
    const theirs = medians.of(against);
    const ratio = ours[key] / theirs[key];
    return {
      what: `${format.toUpperCase()}, ${megabytes(bytes)}: ${what}`,
      against,
      ours: seconds(ours[key]),
      theirs: seconds(theirs[key]),
      figure: times(ratio),
      ...(limit === undefined ? {} : { target: atMost(ratio, limit, `${limit} ×`) }),
    };
  };
  const cat = medians.of('cat').merging;
  const rest = made.report.time.merging;
  return [
    {
      what: `${format.toUpperCase()}, ${megabytes(bytes)}: what was left to merge at the end of the run that made it, two shards (once)`,
      against: 'cat',
      ours: seconds(rest),
      theirs: seconds(cat),
      figure: times(rest / cat),
    },
    row('the merging', 'merging', 'cat', 1.25),
    row('the merging', 'merging', 'cat, sync'),
    row('the command', 'wall', 'cat, sync'),
    row('CPU of the command', 'cpu', 'cat, sync'),
    {
      what: `${format.toUpperCase()}: memory of the command`,
      against: '–',
      ours: megabytes(ours.peak),
      theirs: '–',
      figure: megabytes(ours.peak),
      target: atMost(ours.peak, 150e6, '150 MB'),
    },
  ];
}

function lastMerge(journal: string): number {
  let last: Extract<RunEvent, { type: 'merged' }> | undefined;
  readJournal(journal, (event) => {
    if (event.type === 'merged') last = event;
  });
  return last?.ms ?? Number.NaN;
}
