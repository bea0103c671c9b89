import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alternate } from './support/alternate.ts';
import type { Benchmark, BenchOptions, Row } from './support/benchmark.ts';
import { measure } from './support/measure.ts';
import { type Finished, peerFile, run } from './support/shardyard.ts';
import { atLeast, atMost, median, megabytes, seconds, times } from './support/stats.ts';

const BATCH = 200;
const PARENT_LIMIT = 150e6;

interface Figures extends Readonly<Record<string, number>> {
  readonly wall: number;
}

interface Ours extends Figures {
  readonly parent: number;
  /** Memory of the children of the first and the last tenth of the full batches. */
  readonly first: number;
  readonly last: number;
}

export const discovery: Benchmark = {
  name: 'discovery',
  about: `A system of its real size: the 4,620 strategies of [workers/strategy-discovery.ts](../workers/strategy-discovery.ts) on 5,105 daily bars, three lot
sizes each, 13,860 rows as one Parquet file; batches of ${BATCH}, each in a fresh child, with one process and with two, whole commands. Beside it one plain process that imports the
same worker, loops over its items and writes the same file (the same bytes, which is checked). "Memory": what the children had at the end of their batch, median of the first
tenth of the full batches against that of the last.`,
  async run({ runs, quick, lab, say }: BenchOptions) {
    const params = quick ? ['--limit', '600', '--param', 'resamples=20'] : [];
    const ours = (processes: number) => async (): Promise<Ours> => {
      const output = join(lab, `${processes}.parquet`);
      const args = ['-p', String(processes), '--batch-size', String(BATCH), '-o', output, ...params];
      const finished = await run(lab, '../../workers/strategy-discovery.ts', args);
      return { wall: finished.wall, parent: finished.report.parentPeakRssBytes, ...memory(finished) };
    };
    const plain = async (): Promise<Ours> => {
      const output = join(lab, 'plain.parquet');
      const { wall } = await measure({
        command: process.execPath,
        args: [peerFile('discovery-plain.ts'), output, ...(quick ? ['600', '20'] : [])],
        cwd: lab,
      });
      if (!readFileSync(output).equals(readFileSync(join(lab, '1.parquet')))) throw new Error('the plain process has written other bytes');
      return { wall, parent: Number.NaN, first: Number.NaN, last: Number.NaN };
    };
    const [one, two, alone] = ['1 process', '2 processes', 'one plain process'] as const;
    const contestants = [
      { name: one, run: ours(1) },
      { name: two, run: ours(2) },
      { name: alone, run: plain },
    ];
    const medians = await alternate(contestants, { runs, say });
    return [
      faster(medians.of(two), medians.of(one), two, one, 1.85),
      faster(medians.of(one), medians.of(alone), one, alone),
      faster(medians.of(two), medians.of(alone), two, alone),
      ...[one, two].flatMap((name) => memoryRows(name, medians.of(name))),
    ];
  },
};

function faster(a: Figures, b: Figures, what: string, against: string, limit?: number): Row {
  const ratio = b.wall / a.wall;
  return {
    what: `${what}: time`,
    against,
    ours: seconds(a.wall),
    theirs: seconds(b.wall),
    figure: `${times(ratio)} faster`,
    ...(limit === undefined ? {} : { target: atLeast(ratio, limit, `${limit} ×`) }),
  };
}

function memoryRows(name: string, { parent, first, last }: Ours): readonly Row[] {
  const change = last / first - 1;
  return [
    {
      what: `${name}: memory of the last children`,
      against: 'the first',
      ours: megabytes(last),
      theirs: megabytes(first),
      figure: `${change >= 0 ? '+' : '−'} ${Math.abs(change * 100).toFixed(1)} %`,
      target: atMost(Math.abs(change), 0.05, '5 % either way'),
    },
    {
      what: `${name}: memory of the parent`,
      against: '–',
      ours: megabytes(parent),
      theirs: '–',
      figure: megabytes(parent),
      target: atMost(parent, PARENT_LIMIT, megabytes(PARENT_LIMIT)),
    },
  ];
}

function memory({ events }: Finished): { readonly first: number; readonly last: number } {
  const full = events.flatMap((event) => (event.type === 'committed' && event.receipt.items === BATCH ? [event.rss] : []));
  const tenth = Math.ceil(full.length / 10);
  return { first: median(full.slice(0, tenth)), last: median(full.slice(-tenth)) };
}
