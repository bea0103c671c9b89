import { spawn } from 'node:child_process';
import type { Benchmark, BenchOptions, Row } from './support/benchmark.ts';
import { accuracy, Counting } from './support/counting.ts';
import { isInstalled } from './support/installed.ts';
import { disturbed } from './permits-disturbed.ts';
import { callThrough } from './support/calling.ts';
import { peerFile } from './support/shardyard.ts';

interface Case {
  readonly rate: number;
  readonly processes: number;
  readonly share: number;
  readonly blocking?: true;
}

const CASES: readonly Case[] = [100, 1000].flatMap((rate) =>
  [4, 16].flatMap((processes) => [1, 0.95].map((share) => ({ rate, processes, share }))),
);
export const permits: Benchmark = {
  name: 'permits',
  about: `What the budget lets through, as a server sees it that counts on its own clock: calls a second of limit × share in the middle of a run, and the
most in any second. Every child has 64 / processes items waiting. Then a least delay, a child that is killed every second, two parents that share
the budget over Redis, and a 429 in the middle that wants a second of silence. Two limiters of other people do the same in one process. Then what a permit
costs: the time from asking to having it where nothing limits, and the CPU of the parent (all of it, over the run's).`,
  async run(options) {
    const { quick, say } = options;
    const seconds = quick ? 5 : 30;
    const server = await Counting.start();
    const rows: Row[] = [];
    try {
      const cases: readonly Case[] = [
        ...CASES,
        { rate: 100, processes: 4, share: 1, blocking: true },
        { rate: 1000, processes: 4, share: 1, blocking: true },
        { rate: 100, processes: 16, share: 1, blocking: true },
        { rate: 100, processes: 1, share: 1 },
        { rate: 100, processes: 64, share: 1 },
      ];
      for (const one of cases) {
        say(JSON.stringify(one));
        await ours(options, one, { seconds, port: server.port });
        rows.push(
          rowOf(
            `${one.rate}/s × ${one.share}, ${one.processes} children${one.blocking ? ' that block 20 ms of 100' : ''}`,
            one,
            (await server.arrivals()).times,
          ),
        );
      }
      rows.push(...(await disturbed(options, server, seconds)));
      for (const name of ['bottleneck', 'rate-limiter-flexible'].filter(isInstalled)) {
        for (const rate of [100, 1000]) {
          say(`${name} ${rate}`);
          await ended(
            spawn(process.execPath, [peerFile('limiter.mjs'), name, String(rate), String(seconds), String(server.port)], {
              stdio: 'inherit',
            }),
          );
          const { target: _, ...row } = rowOf(`${rate}/s`, { rate, processes: 1, share: 1 }, (await server.arrivals()).times);
          rows.push({ ...row, against: `${name}, one process`, theirs: row.ours, ours: '–' });
        }
      }
    } finally {
      server.close();
    }
    return [...rows, ...(await costs(options))];
  },
};

function rowOf(what: string, { rate, share, blocking }: Case, times: readonly number[]): Row {
  const found = accuracy(times);
  const achieved = found.rate / (rate * share);
  const most = found.most / (rate * share);
  const least = blocking ? 0.94 : 0.97;
  return {
    what,
    against: 'limit × share',
    ours: `${found.rate.toFixed(1)}/s, at most ${found.most} in a second`,
    theirs: `${rate * share}/s`,
    figure: `${(achieved * 100).toFixed(1)} %, at most ${(most * 100).toFixed(1)} %`,
    target: { text: `≥ ${least * 100} %, ≤ 103 %`, met: achieved >= least && most <= 1.03 },
  };
}

async function ours(
  { lab }: BenchOptions,
  { rate, processes, share, blocking }: Case,
  { seconds, port }: { seconds: number; port: number },
): Promise<void> {
  process.env['BENCH_PORT'] = String(port);
  process.env['BENCH_BLOCK'] = blocking ? '1' : '';
  await callThrough(lab, {
    items: Math.ceil(rate * share * seconds),
    processes,
    rate: [`${rate}/s`],
    headroom: `${Math.round((1 - share) * 100)}%`,
  });
}

async function costs({ lab, quick, say }: BenchOptions): Promise<Row[]> {
  process.env['BENCH_PORT'] = '';
  process.env['BENCH_BLOCK'] = '';
  const processes = quick ? 16 : 64;
  say(`round trip, ${processes} children`);
  const waits = (await callThrough(lab, { items: processes * 100, processes, rate: ['100000/s'] })).toSorted((a, b) => a - b);
  const at = (share: number): string => `${(waits[Math.floor(waits.length * share)] ?? Number.NaN).toFixed(2)} ms`;
  const cpuOf = async (rate: number): Promise<number> => {
    say(`CPU of the parent at ${rate}/s`);
    const before = process.cpuUsage();
    await callThrough(lab, { items: rate * (quick ? 5 : 20), processes: 4, rate: [`${rate}/s`] });
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / ((rate * (quick ? 5 : 20)) / 1000);
  };
  const rows: Row[] = [
    {
      what: `from asking to having it, ${processes} children, a limit that does not bind`,
      against: '–',
      ours: `p50 ${at(0.5)}, p99 ${at(0.99)}`,
      theirs: '–',
      figure: `p99 ${at(0.99)}`,
    },
  ];
  for (const [rate, limit] of [
    [1000, 60],
    [5000, 20],
  ] as const) {
    const ms = await cpuOf(rate);
    rows.push({
      what: `CPU of the parent, 1,000 permits at ${rate}/s`,
      against: '–',
      ours: `${ms.toFixed(1)} ms`,
      theirs: '–',
      figure: `${ms.toFixed(1)} ms`,
      target: { text: `≤ ${limit} ms`, met: ms <= limit },
    });
  }
  return rows;
}

const ended = (child: ReturnType<typeof spawn>): Promise<void> =>
  new Promise((resolve, reject) => child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`it ended with ${code}`)))));
