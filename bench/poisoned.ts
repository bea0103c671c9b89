import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { killAll } from '../test/support/marked.ts';
import { contenders, type Contender } from './poisoned/contenders.ts';
import { GOOD, type Job, POISON } from './poisoned/job.ts';
import { examine, type Found } from './poisoned/examine.ts';
import { startOnce, type Started } from './poisoned/start.ts';
import type { Benchmark, BenchOptions } from './support/benchmark.ts';
import { measure } from './support/measure.ts';
import { peerFile } from './support/shardyard.ts';
import { median } from './support/stats.ts';

/** How often somebody starts the same thing again before giving up. */
const STARTS = 3;

export const poisoned: Benchmark = {
  name: 'peers',
  about: `What a user has in the end: ${GOOD.length + POISON.size} items of 100 ms and two rows each, four at a time; four of them are poison at every try (one throws, one hangs, one calls \`exit\`,
one is ended by SIGSEGV). The command is killed by \`kill -9\` when a fifth of the items have been begun, and started again the way its manual says, up to twice more, until no
good row is missing. Everybody gets a time limit for an item where there is one; results are written as they come. The scripts for Python
and Piscina skip what has rows already, which is the user's own code there ([peers/poisoned](peers/poisoned)). "Processes left": two seconds after the \`kill -9\`. "Named": bad items that it lists as failed,
and good ones that it blames as well.`,
  async run(options) {
    const limit = await timeLimit(options);
    const rows: string[] = [];
    for (const contender of await contenders(options.say)) {
      const all: Outcome[] = [];
      for (let round = 1; round <= options.runs; round++) {
        const lab = join(options.lab, `${rows.length}-${round}`);
        mkdirSync(lab);
        const outcome = await attend(contender, { lab, limit });
        options.say(`  ${round}/${options.runs} ${contender.name}: ${JSON.stringify({ ...outcome.found, ...outcome, found: undefined })}`);
        all.push(outcome);
        rmSync(lab, { recursive: true, force: true });
      }
      rows.push(rowOf(contender, all));
    }
    return [...HEAD, ...rows].join('\n');
  },
};

const HEAD = [
  `| | good rows lost (of ${GOOD.length * 2}) | rows doubled | rows of failed items | bad items named (of ${POISON.size}) | good ones blamed | good items run twice | starts | hung | processes left | to get the rest |`,
  '| --- | --: | --: | --: | --: | --: | --: | --: | --- | --: | --- |',
];

/** What became of the job with one contender. */
interface Outcome {
  readonly found: Found;
  readonly starts: number;
  readonly hung: number;
  readonly left: number;
}

/** Ten times what an item takes alone, since the machine may be busy; whole seconds, as GNU parallel wants them. */
async function timeLimit({ lab, say }: BenchOptions): Promise<number> {
  const env = { BENCH_BEGUN: join(lab, 'begun') };
  const { wall } = await measure({ command: process.execPath, args: [peerFile('poisoned/print.mjs'), '0'], cwd: lab, env });
  const limit = Math.min(30, Math.max(4, Math.ceil(wall / 100)));
  say(`  an item may take ${limit} s`);
  return limit;
}

async function attend(contender: Contender, { lab, limit }: { readonly lab: string; readonly limit: number }): Promise<Outcome> {
  const job: Job = { lab, limit, begun: join(lab, 'begun') };
  const all: Started[] = [];
  try {
    for (let start = 0; start < STARTS; start++) {
      const started = await startOnce(contender.command(job, start > 0), job, { isKilled: start === 0 });
      all.push(started);
      const found = examine(contender, job, all);
      if (start === STARTS - 1 || (start > 0 && found.lost === 0 && !started.hung)) {
        return { found, starts: start + 1, hung: all.filter(({ hung }) => hung).length, left: all[0]?.left ?? Number.NaN };
      }
    }
    throw new Error('never');
  } finally {
    await killAll(lab);
  }
}

function rowOf({ name, rest }: Contender, all: readonly Outcome[]): string {
  const middle = (of: (outcome: Outcome) => number): string => String(median(all.map(of)));
  const cells = [
    name,
    middle(({ found }) => found.lost),
    middle(({ found }) => found.doubled),
    middle(({ found }) => found.ofFailed),
    middle(({ found }) => found.named),
    middle(({ found }) => found.blamed),
    middle(({ found }) => found.twice),
    middle(({ starts }) => starts),
    all.some(({ hung }) => hung > 0) ? 'yes' : 'no',
    middle(({ left }) => left),
    rest,
  ];
  return `| ${cells.join(' | ')} |`;
}
