import { alternate, type Contestant } from './support/alternate.ts';
import type { Benchmark, BenchOptions, Row } from './support/benchmark.ts';
import { calibrate } from './support/calibrate.ts';
import { isInstalled } from './support/installed.ts';
import { has, measure } from './support/measure.ts';
import { peerFile, run } from './support/shardyard.ts';
import { atLeast, seconds, times } from './support/stats.ts';

const BATCH = 200;
const ITEM_MS = 5;

interface Figures extends Readonly<Record<string, number>> {
  readonly wall: number;
}

export const scaling: Benchmark = {
  name: 'scaling',
  about: `How much sooner two processes are done than one: 4,620 items that each keep a CPU busy for about 5 ms, the same for all; and skewed: each of the
last tenth takes ten times as long, which is where static slices wait for the unlucky one. Batches of 200, each in a fresh child, against the same with one
process, whole commands. Beside it, on the same items and against the same single process: GNU parallel over batches of 200 (a fresh Node process each),
Piscina (threads) and jest-worker (processes) item by item, which retire nobody and write nothing. Python's ProcessPoolExecutor does a loop of its own that
takes as long, against itself with one process.`,
  async run(options) {
    const iterations = calibrate(ITEM_MS);
    options.say(`  ${iterations} iterations take ${ITEM_MS} ms`);
    return [...(await speedUps('even', iterations, options)), ...(await speedUps('skewed', iterations, options))];
  },
};

async function speedUps(kind: 'even' | 'skewed', iterations: number, { runs, quick, lab, say }: BenchOptions): Promise<readonly Row[]> {
  const count = quick ? 1200 : 4620;
  const env = {
    BENCH_COUNT: String(count),
    BENCH_ITERATIONS: String(iterations),
    BENCH_MS: String(ITEM_MS),
    BENCH_SKEWED: kind === 'skewed' ? '1' : '0',
  };
  const ours = (processes: number) => (): Promise<Figures> =>
    run(lab, 'spin.mjs', ['--items', `0:${count}`, '-p', String(processes), '--batch-size', String(BATCH)], env).then(({ wall }) => ({
      wall,
    }));
  const peer =
    (command: string, ...args: readonly string[]) =>
    (): Promise<Figures> =>
      measure({ command, args, cwd: lab, env, input: starts }).then(({ wall }) => ({ wall }));
  const starts = Array.from({ length: Math.ceil(count / BATCH) }, (_, n) => `${n * BATCH}\n`).join('');
  const node = process.execPath;
  const contestants: Contestant<Figures>[] = [
    { name: 'ours, 1 process', run: ours(1) },
    { name: 'ours, 2 processes', run: ours(2) },
  ];
  const skip = (what: string, how: string): void => say(`SKIPPED: ${what} is not installed (${how})`);
  if (await has('parallel', '--version')) {
    contestants.push({ name: 'GNU parallel', run: peer('parallel', '-j2', '--will-cite', node, peerFile('spin-batch.mjs')) });
  } else skip('GNU parallel', 'apt-get install parallel');
  if (isInstalled('piscina')) contestants.push({ name: 'Piscina', run: peer(node, peerFile('piscina.mjs')) });
  else skip('piscina', 'a devDependency');
  if (isInstalled('jest-worker')) contestants.push({ name: 'jest-worker', run: peer(node, peerFile('jest-worker.mjs')) });
  else skip('jest-worker', 'a devDependency');
  const hasPython = await has('python3', '--version');
  if (hasPython) {
    const { stdout } = await measure({ command: 'python3', args: [peerFile('pool.py'), '0'], cwd: lab, env });
    for (const processes of ['1', '2']) {
      contestants.push({ name: `Python, ${processes}`, run: peer('python3', peerFile('pool.py'), processes, stdout.trim()) });
    }
  } else skip('Python', 'apt-get install python3');

  const medians = await alternate(contestants, { runs, say });
  const row = (what: string, against: string, limit?: number): Row => {
    const [a, b] = [medians.of(what).wall, medians.of(against).wall];
    return {
      what: `${kind}: ${what}`,
      against,
      ours: seconds(a),
      theirs: seconds(b),
      figure: `${times(b / a)} faster`,
      ...(limit === undefined ? {} : { target: atLeast(b / a, limit, `${limit} ×`) }),
    };
  };
  const others = medians.others.filter((name) => !name.startsWith('ours') && !name.startsWith('Python'));
  return [
    row('ours, 2 processes', 'ours, 1 process', 1.85),
    ...others.map((name) => row(name, 'ours, 1 process')),
    ...(hasPython ? [row('Python, 2', 'Python, 1')] : []),
  ];
}
