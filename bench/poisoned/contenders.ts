import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInstalled } from '../support/installed.ts';
import { has } from '../support/measure.ts';
import { peerFile, workerFile } from '../support/shardyard.ts';
import { COUNT, type Job, WIDTH } from './job.ts';

/** Somebody who does the job. */
export interface Contender {
  readonly name: string;
  /** What its user types, the first time and again. */
  readonly command: (job: Job, again: boolean) => readonly string[];
  /** The rows that its user has then: whole lines, without a header. */
  readonly output: (job: Job) => string;
  /** The items that it calls failed, given what it printed. */
  readonly failed: (job: Job, printed: string) => readonly number[];
  /** What its user must do for the good rows that are missing. */
  readonly rest: string;
}

const bin = fileURLToPath(new URL('../../bin/shardyard.js', import.meta.url));
const node = process.execPath;
const numbersOf = (from: Iterable<RegExpMatchArray>): number[] => [...from].map(([, n]) => Number(n));
const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const script = (name: string, program: string, file: string, rest: string): Contender => ({
  name,
  command: ({ limit }) => [program, peerFile(`poisoned/${file}`), String(COUNT), String(limit), String(WIDTH)],
  output: ({ lab }) => read(join(lab, 'out.csv')),
  failed: (_, printed) => numbersOf(printed.matchAll(/^failed (\d+) /gm)),
  rest,
});

const shardyard: Contender = {
  name: 'Shardyard',
  command({ limit }, again) {
    const run = ['run', workerFile('poisoned.mjs'), '--items', `0:${COUNT}`, '-p', String(WIDTH), '--batch-size', '10', '-o', 'out.csv'];
    const first = [...run, '--name', 'r', '--item-timeout', `${limit}s`, '--retries', '1'];
    return [node, bin, ...(again ? ['resume', 'r'] : first), '--progress', 'none'];
  },
  output: ({ lab }) => read(join(lab, 'out.csv')).replace(/^n,row,square\n/, ''),
  failed({ lab }) {
    const report = read(join(lab, 'data/runs/r/report.json'));
    if (report === '') return [];
    const { failures } = JSON.parse(report) as { readonly failures: readonly { readonly key: string }[] };
    return failures.map(({ key }) => Number(key));
  },
  rest: '`shardyard resume`',
};

// Without --retries: with --resume and --results beside it, parallel 20221122 takes the first try's results for a finished job, and the
// failed ones are in no joblog.
const parallel: Contender = {
  name: 'GNU parallel `--joblog --resume --results --timeout`',
  command({ limit }) {
    const flags = `-j ${WIDTH} --timeout ${limit} --joblog job.log --resume --results results`.split(' ');
    const numbers = Array.from({ length: COUNT }, (_, n) => String(n));
    return ['parallel', '--will-cite', ...flags, node, peerFile('poisoned/print.mjs'), '{}', ':::', ...numbers];
  },
  output: ({ lab }) =>
    globSync('results/1/*/stdout', { cwd: lab })
      .map((file) => read(join(lab, file)))
      .join(''),
  failed({ lab }) {
    const last = new Map<number, boolean>();
    // Seq Host Starttime JobRuntime Send Receive Exitval Signal Command
    for (const line of read(join(lab, 'job.log')).split('\n').slice(1)) {
      const fields = line.split('\t');
      if (fields.length >= 9) last.set(Number(fields[0]) - 1, fields[6] !== '0' || fields[7] !== '0');
    }
    return [...last].flatMap(([n, bad]) => (bad ? [n] : []));
  },
  rest: 'the same command; then join the results of those jobs that the joblog calls good',
};

/** Everybody who is installed. Says who is not. */
export async function contenders(say: (line: string) => void): Promise<readonly Contender[]> {
  const all = [shardyard];
  if (await has('parallel', '--version')) all.push(parallel);
  else say('SKIPPED: GNU parallel is not installed (apt-get install parallel)');
  if (await has('python3', '--version')) {
    all.push(
      script(
        'Python `ProcessPoolExecutor`',
        'python3',
        'executor.py',
        'find the items that break the pool by hand, leave them out, start again',
      ),
      script('Python `Pool(maxtasksperchild)`', 'python3', 'pool.py', 'start again; code of your own skips what is done'),
    );
  } else say('SKIPPED: Python is not installed (apt-get install python3)');
  if (isInstalled('piscina'))
    all.push(script('Piscina', node, 'piscina.mjs', 'find the item that ends the program by hand, leave it out, start again'));
  else say('SKIPPED: piscina is not installed (a devDependency)');
  return all;
}
