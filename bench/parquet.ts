import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alternate } from './support/alternate.ts';
import type { Benchmark } from './support/benchmark.ts';
import { measure } from './support/measure.ts';
import { command, run } from './support/shardyard.ts';
import { megabytes, seconds, times } from './support/stats.ts';

const PARTS = 20;

export const parquet: Benchmark = {
  name: 'parquet',
  about: `Parts of NDJSON as one Parquet file (snappy, types inferred from all rows): \`shardyard merge -o x.parquet\`, which checks every part on the way, against
DuckDB's own \`COPY (SELECT * FROM read_ndjson(parts)) TO …\` with one thread and with all of them, and against \`cat\`, which only copies the NDJSON. Both
commands from their start to their end; DuckDB runs inside a bare Node.`,
  async run({ runs, quick, lab, say }) {
    const made = await run(lab, 'rows.mjs', ['--items', `0:${PARTS}`, '-p', '2', '--batch-size', '1', '-o', join(lab, 'made.ndjson')], {
      BENCH_ROWS: String(quick ? 2_000 : 25_000),
    });
    rmSync(join(lab, 'made.ndjson'));
    const parts = globSync(join(made.folder, 'parts', '*[0-9].ndjson')).toSorted();
    const bytes = made.report.output?.bytes ?? 0;
    const output = join(lab, 'merged.parquet');
    const duck = fileURLToPath(new URL('peers/duckdb-copy.mjs', import.meta.url));
    const byDuck = (threads: number) => async () => {
      const { wall, cpu, peak } = await measure({ command: process.execPath, args: [duck, String(threads), output, ...parts], cwd: lab });
      return { wall, cpu, peak };
    };
    const medians = await alternate(
      [
        {
          name: 'ours',
          async run() {
            const { wall, cpu, peak } = await command(lab, ['merge', made.name, '--output', output]);
            return { wall, cpu, peak };
          },
        },
        { name: 'DuckDB, one thread', run: byDuck(1) },
        { name: 'DuckDB', run: byDuck(0) },
        {
          name: 'cat',
          async run() {
            const { wall, cpu, peak } = await measure({
              command: 'sh',
              args: ['-c', 'out=$1; shift; cat "$@" > "$out"', 'sh', output, ...parts],
              cwd: lab,
            });
            return { wall, cpu, peak };
          },
        },
      ],
      { runs, say, clean: () => rmSync(output) },
    );
    const ours = medians.of('ours');
    return medians.others.flatMap((against) =>
      (['wall', 'cpu', 'peak'] as const).map((key) => {
        const theirs = medians.of(against);
        const shown = key === 'peak' ? megabytes : seconds;
        const what = { wall: 'the command', cpu: 'CPU', peak: 'memory' }[key];
        return {
          what: `${megabytes(bytes)} of NDJSON: ${what}`,
          against,
          ours: shown(ours[key]),
          theirs: shown(theirs[key]),
          figure: times(ours[key] / theirs[key]),
        };
      }),
    );
  },
};
