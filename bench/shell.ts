import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { alternate } from './support/alternate.ts';
import type { Benchmark, Row } from './support/benchmark.ts';
import { measure } from './support/measure.ts';
import { bin } from './support/shardyard.ts';
import { seconds, times } from './support/stats.ts';

const script = (name: string): string => fileURLToPath(new URL(`shell/${name}`, import.meta.url));
const GENERATOR = script('generate.mjs');
const SYMBOLS = 100;
const ROWS = SYMBOLS * 36;
const env = { GENERATOR, COMBINE: script('combine.sh') };

export const shell: Benchmark = {
  name: 'shell',
  about: `The pattern that Shardyard replaces: a script ([bench/shell](shell)) that starts ten copies of a generator in the background, each with a tenth of
${SYMBOLS} symbols (100 ms of waiting and 36 rows each), waits for them and combines their files; against one command with the same generator, batches of
ten symbols, ten processes. Then both again while one copy is killed (SIGKILL) in the middle of its work. A row is right when it is there once.`,
  async run({ runs, lab, say }) {
    const ours = [
      'run',
      '--items',
      'symbols.txt',
      '-p',
      '10',
      '--batch-size',
      '10',
      '--spares',
      '0',
      '-o',
      'all.csv',
      '--progress',
      'none',
    ];
    const command = ['--collect', 'data/training/{name}.csv', '--', 'node', GENERATOR, '--symbols', '{items}', '--name', '{name}'];
    const contestants = [
      { name: 'shardyard', command: process.execPath, args: [bin, ...ours, ...command] },
      { name: 'script', command: 'bash', args: [script('run-all.sh')] },
    ] as const;
    const fresh = (name: string): string => {
      const cwd = join(lab, name);
      rmSync(cwd, { recursive: true, force: true });
      mkdirSync(cwd);
      writeFileSync(join(cwd, 'symbols.txt'), Array.from({ length: SYMBOLS }, (_, n) => `SYM${n}\n`).join(''));
      return cwd;
    };
    const medians = await alternate(
      contestants.map((one) => ({
        name: one.name,
        async run() {
          const cwd = fresh(one.name);
          const { wall } = await measure({ ...one, cwd, env });
          if (rowsOf(cwd).right !== ROWS) throw new Error(`${one.name} has ${rowsOf(cwd).right} rows instead of ${ROWS}`);
          return { wall };
        },
      })),
      { runs, say },
    );
    const killed = new Map<string, string>();
    for (const one of contestants) {
      const cwd = fresh(one.name);
      const code = await withOneKilled({ ...one, cwd });
      const { right, wrong } = rowsOf(cwd);
      killed.set(one.name, `exit code ${code}, ${right} of ${ROWS} rows right, ${wrong} wrong`);
      say(`  one killed, ${one.name}: ${killed.get(one.name)}`);
    }
    const lines = ['run-all.sh', 'combine.sh'].reduce((sum, name) => sum + codeLines(script(name)), 0);
    const [it, other] = [medians.of('shardyard').wall, medians.of('script').wall];
    return [
      row('lines of code besides the generator', '1', String(lines), `${lines - 1} fewer`),
      row('time', seconds(it), seconds(other), times(it / other)),
      row('one copy is killed', killed.get('shardyard') ?? '', killed.get('script') ?? '', '–'),
    ];
  },
};

const row = (what: string, ours: string, theirs: string, figure: string): Row => ({ what, against: 'script', ours, theirs, figure });

function codeLines(file: string): number {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#')).length;
}

/** Rows that are there once and whole, and what else there is. */
function rowsOf(cwd: string): { right: number; wrong: number } {
  const file = join(cwd, 'all.csv');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(1).filter(Boolean) : [];
  const right = new Set(lines.filter((line) => /^SYM\d+,\d+,\d+\.\d{4}$/.test(line)));
  return { right: right.size, wrong: lines.length - right.size };
}

/** Runs a contestant and kills the first copy of the generator that has written rows; the contestant's exit code. */
async function withOneKilled({ command, args, cwd }: { command: string; args: readonly string[]; cwd: string }): Promise<number | null> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env, BENCH_MS: '300' }, stdio: 'ignore' });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  let victim: string | undefined;
  while (victim === undefined && child.exitCode === null) {
    await sleep(20);
    victim = globSync('data/training/*.csv', { cwd }).find((file) => readFileSync(join(cwd, file), 'utf8').split('\n').length > 2);
  }
  if (victim !== undefined) process.kill(Number(readFileSync(join(cwd, victim.replace(/csv$/, 'pid')), 'utf8')), 'SIGKILL');
  return ended;
}
