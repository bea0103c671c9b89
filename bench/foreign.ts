import { createWriteStream, rmSync, statfsSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import type { RunEvent } from '../src/core/events.ts';
import { readJournal } from '../src/store/journal.ts';
import { alternate } from './support/alternate.ts';
import type { Benchmark, BenchOptions, Row } from './support/benchmark.ts';
import { measure } from './support/measure.ts';
import { command } from './support/shardyard.ts';
import { atMost, megabytes, seconds, times } from './support/stats.ts';

const PARTS = 20;
const NEEDED = 8e9;

export const foreign: Benchmark = {
  name: 'foreign',
  about: `1 GB of CSV from executables: ${PARTS} files that \`cp\` makes, 50 MB each, every fifth row with a quoted comma, one in a hundred with a line break. What is theirs is
checked in the children as soon as it is there (quotes, number of fields, UTF-8, header), two files at a time, and written to parts; the merge then copies these as it
copies any others. Against \`cat files > file\`, which checks nothing, has every header, and does not sync. "Taking over" is what a process of the command and the reading
take longer than \`cp\` alone, by the journal, summed over children.`,
  async run(options) {
    const { bavail, bsize } = statfsSync(options.lab);
    if (bavail * bsize < NEEDED) {
      options.say(`SKIPPED: ${options.lab} has less than ${megabytes(NEEDED)} free`);
      return [];
    }
    return measured(options);
  },
};

async function measured({ runs, quick, lab, say }: BenchOptions): Promise<readonly Row[]> {
  const base = join(lab, 'base.csv');
  const bytes = await writeBase(base, quick ? 5e6 : 50e6);
  let number = 0;
  const copies = Array.from({ length: PARTS }, () => base);
  const medians = await alternate(
    [
      {
        name: 'ours',
        async run() {
          const name = `foreign-${++number}`;
          const output = join(lab, 'ours.csv');
          const options = ['--items', `0:${PARTS}`, '-p', '2', '--batch-size', '1', '--name', name, '-o', output, '--progress', 'none'];
          const copy = ['--', 'sh', '-c', 'cp "$1" "$2"', 'sh', base, '{output}', '{items}'];
          const { wall, cpu } = await command(lab, ['run', ...options, ...copy]);
          const events: RunEvent[] = [];
          readJournal(join(lab, 'data', 'runs', name, 'journal.ndjson'), (event) => events.push(event));
          rmSync(join(lab, 'data', 'runs', name), { recursive: true });
          rmSync(output);
          const merged = events.find((event) => event.type === 'merged');
          const reading = events.reduce((sum, event) => sum + (event.type === 'committed' ? event.receipt.itemMs : 0), 0);
          return { wall, cpu, merging: merged?.ms ?? Number.NaN, reading };
        },
      },
      {
        name: 'cat',
        async run() {
          const output = join(lab, 'cat.csv');
          const { wall, cpu } = await measure({
            command: 'sh',
            args: ['-c', 'out=$1; shift; cat "$@" > "$out"', 'sh', output, ...copies],
            cwd: lab,
          });
          rmSync(output);
          return { wall, cpu, merging: wall, reading: wall };
        },
      },
      {
        name: 'cp',
        async run() {
          const { wall, cpu } = await measure({
            command: 'sh',
            args: ['-c', `for n in $(seq ${PARTS}); do cp "$1" "$1.copy"; done`, 'sh', base],
            cwd: lab,
          });
          return { wall, cpu, merging: wall, reading: wall };
        },
      },
    ],
    { runs, say, clean: async () => void (await measure({ command: 'sync', args: [], cwd: lab })) },
  );
  const [ours, cat, cp] = [medians.of('ours'), medians.of('cat'), medians.of('cp')];
  const total = megabytes(bytes * PARTS);
  const merging = ours.merging / cat.merging;
  const taking = ours.reading - cp.wall;
  return [
    {
      what: `${total}: the merging`,
      against: 'cat',
      ours: seconds(ours.merging),
      theirs: seconds(cat.wall),
      figure: times(merging),
      target: atMost(merging, 2, '2 ×'),
    },
    {
      what: `${total}: taking over, summed over children`,
      against: 'cat',
      ours: seconds(taking),
      theirs: seconds(cat.wall),
      figure: times(taking / cat.wall),
    },
    {
      what: `${total}: the whole run`,
      against: 'cp, then cat',
      ours: seconds(ours.wall),
      theirs: seconds(cp.wall + cat.wall),
      figure: times(ours.wall / (cp.wall + cat.wall)),
    },
  ];
}

/** Writes rows of some 80 bytes; gives the file's length. */
async function writeBase(file: string, size: number): Promise<number> {
  const stream = createWriteStream(file);
  stream.write('symbol,date,open,high,low,close,volume,note\n');
  let bytes = 44;
  for (let row = 0; bytes < size;) {
    let text = '';
    for (const end = row + 1000; row < end; row++) {
      const note = row % 100 === 0 ? '"two\nlines"' : row % 5 === 0 ? '"one, two"' : 'plain';
      text += `SYM${row % 500},2026-11-22,${(row / 7).toFixed(4)},${(row / 3).toFixed(4)},${(row / 9).toFixed(4)},${(row / 5).toFixed(4)},${row},${note}\n`;
    }
    bytes += text.length;
    if (!stream.write(text)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
  return bytes;
}
