import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alternate, type Contestant } from './support/alternate.ts';
import type { Benchmark, BenchOptions, Row } from './support/benchmark.ts';
import { isInstalled } from './support/installed.ts';
import { measure } from './support/measure.ts';
import { command, peerFile, run } from './support/shardyard.ts';
import { seconds, times } from './support/stats.ts';
import { realTicks, syntheticTicks, type Workbook, differenceOf } from './support/tick-workbook.ts';

interface Figures extends Readonly<Record<string, number>> {
  readonly wall: number;
  readonly cpu: number;
}

export const ticks: Benchmark = {
  name: 'ticks',
  about: `A workbook of ticks, 16 sheets: \`shardyard convert\` makes 16 Parquet files of it, two sheets at a time, against one process that only reads it (our own reader, and
exceljs where it is installed). Then every file is compared with the source row by row, in order. And
[workers/market-making.ts](../workers/market-making.ts) over the workbook and over the files, two processes; both write the same bytes, which is
checked. \`BENCH_TICKS=FOLDER\` (\`TickData_full.xlsx\`, \`index.csv\`, \`csv/*.csv.gz\`) measures real ticks; without it the invented ones of the worker are put into a workbook.`,
  async run(options) {
    const { lab, quick, say } = options;
    const real = process.env['BENCH_TICKS'];
    const workbook = real === undefined ? syntheticTicks(lab, quick ? 1 : 10) : realTicks(real);
    const total = workbook.sheets.reduce((sum, { rows }) => sum + rows, 0);
    say(`  ${real ?? 'invented ticks'}: ${workbook.sheets.length} sheets, ${total} rows`);
    const folder = join(lab, 'parquet');
    const converting = await convertRows(workbook, folder, options);
    const wrong = await differenceOf(workbook, folder);
    if (wrong !== undefined) throw new Error(wrong);
    const rowsAre = `${total} rows in ${workbook.sheets.length} files`;
    const same: Row = { what: 'rows and their order', against: 'the source', ours: rowsAre, theirs: rowsAre, figure: 'the same' };
    return [...converting, same, ...(await backTestRows(workbook, folder, options))];
  },
};

async function convertRows({ file }: Workbook, folder: string, { runs, lab, say }: BenchOptions): Promise<readonly Row[]> {
  const reader = (peer: string) => async (): Promise<Figures> => {
    const { wall, cpu } = await measure({ command: process.execPath, args: [peerFile(peer), file], cwd: lab });
    return { wall, cpu };
  };
  const contestants: Contestant<Figures>[] = [
    {
      name: 'shardyard convert',
      async run() {
        const args = ['convert', file, '--to', 'parquet', '--out-dir', folder, '--header-row', '3', '-p', '2', '--progress', 'none'];
        const { wall, cpu } = await command(lab, args);
        return { wall, cpu };
      },
    },
    { name: 'one process that only reads', run: reader('xlsx-read.mjs') },
  ];
  if (isInstalled('exceljs')) contestants.push({ name: 'exceljs, one process that only reads', run: reader('exceljs-read.mjs') });
  else say('SKIPPED: exceljs is not installed (npm install --no-save exceljs)');
  const medians = await alternate(contestants, { runs, say });
  const ours = medians.of('shardyard convert');
  return medians.others.map((name) => row('Excel to 16 Parquet files', name, ours, medians.of(name)));
}

async function backTestRows({ file }: Workbook, folder: string, { runs, lab, say }: BenchOptions): Promise<readonly Row[]> {
  const over = (name: string, data: string): Contestant<Figures> => ({
    name,
    async run() {
      const args = ['--param', `data=${data}`, '-p', '2', '-o', join(lab, `${name}.csv`)];
      const { wall, cpu } = await run(lab, '../../workers/market-making.ts', args);
      return { wall, cpu };
    },
  });
  const medians = await alternate([over('Parquet', folder), over('Excel', file)], { runs, say });
  const [parquet, excel] = ['Parquet', 'Excel'].map((name) => join(lab, `${name}.csv`));
  if (!parquet || !excel || !existsSync(parquet) || !readFileSync(parquet).equals(readFileSync(excel))) {
    throw new Error('the back-test has other results from Parquet than from Excel');
  }
  return [row('back-test of 16 securities from Parquet', 'from Excel', medians.of('Parquet'), medians.of('Excel'))];
}

function row(what: string, against: string, ours: Figures, theirs: Figures): Row {
  return {
    what,
    against,
    ours: `${seconds(ours.wall)} (CPU ${seconds(ours.cpu)})`,
    theirs: `${seconds(theirs.wall)} (CPU ${seconds(theirs.cpu)})`,
    figure: `${times(ours.wall / theirs.wall)} its time`,
  };
}
