import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchOptions, Row } from './support/benchmark.ts';
import { callThrough, startCalling } from './support/calling.ts';
import { accuracy, type Counting } from './support/counting.ts';
import { peerFile } from './support/shardyard.ts';

const RATE = 100;
const DELAY = 50;
/** What the server's own clock and loop may be wrong by (ms). */
const JITTER = 2;
/** Milliseconds of silence that the server asks for, and after which nobody may have left any more. */
const SILENCE = 1000;
const LATE = 25;

/** The budget under things that happen: a least delay, deaths, two parents, a 429. */
export async function disturbed(options: BenchOptions, server: Counting, seconds: number): Promise<Row[]> {
  process.env['BENCH_PORT'] = String(server.port);
  process.env['BENCH_BLOCK'] = '';
  const rows: Row[] = [];
  for (const measure of [leastDelay, deaths, twoParents, silence]) rows.push(...(await measure(options, server, seconds)));
  return rows;
}

async function leastDelay({ lab, say }: BenchOptions, server: Counting, seconds: number): Promise<Row[]> {
  say(`--min-delay ${DELAY}ms`);
  await callThrough(lab, { items: (seconds * 1000) / DELAY, processes: 4, minDelay: DELAY, headroom: '0%' });
  const { times } = await server.arrivals();
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  const least = Math.min(...gaps);
  const achieved = accuracy(times).rate / (1000 / DELAY);
  return [
    {
      what: `--min-delay ${DELAY}ms, 4 children`,
      against: 'the delay',
      ours: `${accuracy(times).rate.toFixed(1)}/s, least gap ${least.toFixed(1)} ms`,
      theirs: `${1000 / DELAY}/s, ${DELAY} ms`,
      figure: `${(achieved * 100).toFixed(1)} %, ${least.toFixed(1)} ms`,
      target: { text: `≥ 97 %, ≥ ${DELAY - JITTER} ms at the server`, met: achieved >= 0.97 && least >= DELAY - JITTER },
    },
  ];
}

async function deaths({ lab, say }: BenchOptions, server: Counting, seconds: number): Promise<Row[]> {
  say('a child is killed every second');
  const { handle } = startCalling(lab, { items: RATE * seconds, processes: 16, rate: [`${RATE}/s`], headroom: '0%', retries: 99 });
  let killed = 0;
  const killing = setInterval(() => {
    const pids = handle.snapshot().slots.flatMap(({ pid }) => (pid === null ? [] : [pid]));
    const pid = pids[killed % Math.max(1, pids.length)];
    if (pid !== undefined && signalled(pid)) killed++;
  }, 1000);
  try {
    await handle.report;
  } finally {
    clearInterval(killing);
  }
  const { times } = await server.arrivals();
  return [rowOf(`${RATE}/s, 16 children, one killed every second (${killed})`, times)];
}

function signalled(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** Each parent is a process of its own with half of the items. */
async function twoParents({ lab, say }: BenchOptions, server: Counting, seconds: number): Promise<Row[]> {
  if (spawnSync('redis-server', ['--version']).error) {
    console.error('SKIPPED: two parents need redis-server (Debian: apt-get install redis-server)');
    return [];
  }
  say('two parents over Redis');
  const socket = join(lab, 'redis.sock');
  const redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', lab], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await ready(redis);
    const calling = { items: (RATE * seconds) / 2, processes: 4, rate: [`${RATE}/s`], headroom: '0%', budget: [`unix:${socket}`] };
    const parents = [1, 2].map(() => fork(peerFile('permit-parent.ts'), [lab, JSON.stringify(calling)]));
    await Promise.all(parents.map(async (parent) => once(parent, 'exit')));
    if (parents.some(({ exitCode }) => exitCode !== 0)) throw new Error('a parent has failed');
    const { times } = await server.arrivals();
    return [rowOf(`${RATE}/s, two parents with 4 children each, over Redis`, times)];
  } finally {
    redis.kill('SIGKILL');
  }
}

function ready(redis: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    redis.once('exit', () => reject(new Error('redis-server has ended')));
    redis.stdout?.on('data', (text: Buffer) => {
      if (/ready to accept connections/i.test(text.toString())) resolve();
    });
  });
}

/** One call in the middle is answered with 429 and `Retry-After: 1`. */
async function silence({ lab, say }: BenchOptions, server: Counting, seconds: number): Promise<Row[]> {
  say('a 429 with Retry-After: 1');
  const rows: Row[] = [];
  for (const processes of [4, 16]) {
    process.env['BENCH_LIMITED'] = String(Math.round((RATE * seconds) / 3));
    await callThrough(lab, {
      items: RATE * seconds,
      processes,
      rate: [`${RATE}/s`],
      headroom: '0%',
      budget: [`default:${RATE}/s,adaptive=off`],
    });
    delete process.env['BENCH_LIMITED'];
    await sleep(100);
    const { times, limited } = await server.arrivals();
    const [at = Number.NaN] = limited;
    const late = times.filter((time) => time > at + LATE && time < at + SILENCE).length;
    const first = Math.min(...times.filter((time) => time >= at + SILENCE)) - at - SILENCE;
    rows.push({
      what: `${RATE}/s, ${processes} children, one answer is 429 with Retry-After: 1`,
      against: 'the second after it',
      ours: `${late} calls come more than ${LATE} ms after it`,
      theirs: '0',
      figure: `${late}; the next ${first.toFixed(1)} ms after the second`,
      target: { text: '0; ≤ 50 ms', met: late === 0 && first <= 50 },
    });
  }
  return rows;
}

function rowOf(what: string, times: readonly number[]): Row {
  const { rate, most } = accuracy(times);
  const [achieved, peak] = [rate / RATE, most / RATE];
  return {
    what,
    against: 'the limit',
    ours: `${rate.toFixed(1)}/s, at most ${most} in a second`,
    theirs: `${RATE}/s`,
    figure: `${(achieved * 100).toFixed(1)} %, at most ${(peak * 100).toFixed(1)} %`,
    target: { text: '≥ 97 %, ≤ 103 %', met: achieved >= 0.97 && peak <= 1.03 },
  };
}
