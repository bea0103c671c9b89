import { copyFileSync, rmSync, statSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../src/core/events.ts';
import { readJournal } from '../src/store/journal.ts';
import { alternate } from './support/alternate.ts';
import type { Benchmark } from './support/benchmark.ts';
import { measure } from './support/measure.ts';
import { command, peerFile } from './support/shardyard.ts';
import { atMost, megabytes, seconds, times } from './support/stats.ts';

const PARTS = 20;
const NEEDED = 4e9;

export const rowGroups: Benchmark = {
  name: 'row-groups',
  about: `Parquet from executables (${PARTS} files that \`cp\` makes, as DuckDB has written one) into one Parquet file by copying row groups, each part checked against its checksum, the output
hashed and synced: "the merging", by the journal. Against \`cat files > file\`, which gives no Parquet file, with and without \`sync\`, and against DuckDB's own \`COPY (SELECT * FROM read_parquet(files)) TO …\`, which
decodes and encodes every value (inside a bare Node, from its start to its end).`,
  async run({ runs, quick, lab, say }) {
    const { bavail, bsize } = statfsSync(lab);
    if (bavail * bsize < NEEDED) {
      say(`SKIPPED: ${lab} has less than ${megabytes(NEEDED)} free`);
      return [];
    }
    const base = join(lab, 'base.parquet');
    const made = await measure({
      command: process.execPath,
      args: [peerFile('duckdb-make.mjs'), quick ? '60000' : '600000', base],
      cwd: lab,
    });
    say(`made ${megabytes(statSync(base).size)} in ${seconds(made.wall)}`);
    const copies = Array.from({ length: PARTS }, (_, n) => join(lab, `copy-${n}.parquet`));
    for (const copy of copies) copyFileSync(base, copy);
    const output = join(lab, 'merged.parquet');
    let number = 0;
    const other = (executable: string, args: readonly string[]) => async () => {
      const { wall, peak } = await measure({ command: executable, args: [...args], cwd: lab });
      return { merging: wall, peak };
    };
    const medians = await alternate(
      [
        {
          name: 'ours',
          async run() {
            const name = `groups-${++number}`;
            const options = ['--items', `0:${PARTS}`, '-p', '2', '--batch-size', '1', '--name', name, '-o', output, '--progress', 'none'];
            const copy = ['--collect-as', 'parquet', '--', 'sh', '-c', 'cp "$1" "$2"', 'sh', base, '{output}', '{items}'];
            const { peak } = await command(lab, ['run', ...options, ...copy]);
            let merged: Extract<RunEvent, { type: 'merged' }> | undefined;
            readJournal(join(lab, 'data', 'runs', name, 'journal.ndjson'), (event) => {
              if (event.type === 'merged') merged = event;
            });
            rmSync(join(lab, 'data', 'runs', name), { recursive: true });
            return { merging: merged?.ms ?? Number.NaN, peak };
          },
        },
        { name: 'cat', run: other('sh', ['-c', 'out=$1; shift; cat "$@" > "$out"', 'sh', output, ...copies]) },
        { name: 'cat, sync', run: other('sh', ['-c', 'out=$1; shift; cat "$@" > "$out" && sync "$out"', 'sh', output, ...copies]) },
        { name: 'DuckDB', run: other(process.execPath, [peerFile('duckdb-copy.mjs'), '0', output, ...copies]) },
      ],
      {
        runs,
        say,
        async clean() {
          rmSync(output, { force: true });
          await measure({ command: 'sync', args: [], cwd: lab });
        },
      },
    );
    const ours = medians.of('ours');
    return medians.others.map((against) => {
      const ratio = ours.merging / medians.of(against).merging;
      return {
        what: `${megabytes(statSync(base).size * PARTS)} of Parquet: the merging`,
        against,
        ours: seconds(ours.merging),
        theirs: seconds(medians.of(against).merging),
        figure: times(ratio),
        ...(against === 'cat' ? { target: atMost(ratio, 2.5, '2.5 ×') } : {}),
      };
    });
  },
};
