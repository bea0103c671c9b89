import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { alternate, type Contestant } from './support/alternate.ts';
import type { Benchmark, BenchOptions, Row } from './support/benchmark.ts';
import { isInstalled } from './support/installed.ts';
import { has, measure } from './support/measure.ts';
import { peerFile, run } from './support/shardyard.ts';
import { atMost, megabytes, seconds } from './support/stats.ts';

const BATCH = 100;
/** Memory that a leak of a megabyte an item may add to a child: the batch, and a tenth. */
const ALLOWED = 110e6;

interface Figures extends Readonly<Record<string, number>> {
  readonly wall: number;
  readonly peak: number;
}

export const leak: Benchmark = {
  name: 'leak',
  about: `What recycling is for: a worker that keeps a megabyte with every item, once on V8's heap and once in Buffers; 2,000 items of 20 ms of waiting, two
processes. No child may ever have more than an empty one, a batch of 100 and a tenth of that. And what it is paid with: the same without a leak, a fresh child
every 100 items against one child for each shard. Beside it: jest-worker's \`idleMemoryLimit\`, which looks at the heap and does not see Buffers, and
Python's \`maxtasksperchild\`. The memory is the kernel's own figure for the most a process has had (each child writes it down as it ends).`,
  async run(options) {
    return [...(await memory(options)), ...(await price(options))];
  },
};

const items = ({ quick }: BenchOptions): number => (quick ? 400 : 2000);

function ours(options: BenchOptions, where: string, batch: number): () => Promise<Figures> {
  const peaks = join(options.lab, 'peaks');
  return async () => {
    rmSync(peaks, { force: true });
    const args = ['--items', `0:${items(options)}`, '-p', '2', '--batch-size', String(batch)];
    const { wall } = await run(options.lab, 'leak.mjs', args, { BENCH_LEAK: where, BENCH_PEAKS: peaks });
    return { wall, peak: Math.max(...readFileSync(peaks, 'utf8').trim().split('\n').map(Number)) };
  };
}

async function memory(options: BenchOptions): Promise<readonly Row[]> {
  const { runs, lab, say } = options;
  const printed = (command: string, args: readonly string[], env: Readonly<Record<string, string>>) => async (): Promise<Figures> => {
    const count = String(items(options));
    const { wall, stdout } = await measure({ command, args, cwd: lab, env: { BENCH_COUNT: count, ...env } });
    return { wall, peak: Number(stdout.trim()) };
  };
  const jest = (where: string): Contestant<Figures> => ({
    name: `jest-worker, ${where}`,
    run: printed(process.execPath, [peerFile('leak-jest-worker.mjs')], { BENCH_LEAK: where, BENCH_LIMIT: '110MB' }),
  });
  const contestants: Contestant<Figures>[] = [
    { name: 'an empty child', run: ours(options, 'none', BATCH) },
    { name: 'ours, heap', run: ours(options, 'heap', BATCH) },
    { name: 'ours, buffer', run: ours(options, 'buffer', BATCH) },
  ];
  if (isInstalled('jest-worker')) contestants.push(jest('heap'), jest('buffer'));
  else say('SKIPPED: jest-worker is not installed (a devDependency)');
  if (await has('python3', '--version')) {
    contestants.push({
      name: 'Python, bytearray',
      run: printed('python3', [peerFile('leak.py'), String(BATCH)], { BENCH_LEAK: 'buffer' }),
    });
  } else say('SKIPPED: Python is not installed (apt-get install python3)');
  const medians = await alternate(contestants, { runs, say });
  const empty = medians.of('an empty child').peak;
  return medians.others.map((name) => {
    const { peak } = medians.of(name);
    const isOurs = name.startsWith('ours');
    return {
      what: `${name}: peak of any child`,
      against: isOurs ? 'an empty child' : '–',
      ours: megabytes(peak),
      theirs: isOurs ? megabytes(empty) : '–',
      figure: isOurs ? `+ ${megabytes(peak - empty)}` : megabytes(peak),
      ...(isOurs ? { target: atMost(peak - empty, ALLOWED, megabytes(ALLOWED)) } : {}),
    };
  });
}

async function price(options: BenchOptions): Promise<readonly Row[]> {
  const contestants = [
    { name: 'recycled', run: ours(options, 'none', BATCH) },
    { name: 'not recycled', run: ours(options, 'none', items(options)) },
  ];
  const medians = await alternate(contestants, options);
  const [a, b] = [medians.of('recycled').wall, medians.of('not recycled').wall];
  const more = (a / b - 1) * 100;
  return [
    {
      what: 'a fresh child every 100 items of 20 ms',
      against: 'one child a shard',
      ours: seconds(a),
      theirs: seconds(b),
      figure: `${more >= 0 ? '+' : '−'} ${Math.abs(more).toFixed(1)} %`,
      target: atMost(more, 3, '3 % more time'),
    },
  ];
}
