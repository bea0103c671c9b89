import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { launch } from 'shardyard';
import type { Benchmark, Row } from './support/benchmark.ts';
import { peerFile, workerFile } from './support/shardyard.ts';

const ALLOWED = 50;
const CONFIGURED = 100;
/** What it takes to find the rate is not looked at, nor the end, when nobody has enough to do (ms). */
const FINDING = 10_000;
const END = 2000;

export const adaptive: Benchmark = {
  name: 'adaptive',
  about: `A server that allows ${ALLOWED} calls in any second and answers 429 beyond, without saying for how long, to a run that was told ${CONFIGURED}/s: 4 children with 16
items each at a time. How much of what the server allows is used, and how many answers are 429, after the first ${FINDING / 1000} s.`,
  async run({ lab, quick, say }) {
    const server = fork(peerFile('limiting-server.mjs'), [String(ALLOWED)]);
    try {
      const { port } = await answer<{ port: number }>(server);
      process.env['BENCH_URL'] = `http://127.0.0.1:${port}/`;
      const seconds = quick ? 20 : 60;
      say(`${ALLOWED}/s allowed, ${CONFIGURED}/s configured, ${seconds} s`);
      const { calls } = await launch({
        worker: workerFile('fallback.mjs'),
        name: 'adaptive',
        output: join(lab, 'adaptive.csv'),
        dataDir: join(lab, 'data'),
        logsDir: join(lab, 'logs'),
        items: `0:${ALLOWED * seconds}`,
        processes: 4,
        concurrency: 16,
        spares: 0,
        batchSize: ALLOWED * seconds,
        rate: [`${CONFIGURED}/s`],
        cache: 'off',
      }).report;
      server.send('answers');
      const { answers } = await answer<{ answers: (readonly [at: number, isAllowed: boolean])[] }>(server);
      return [rowOf(answers, calls?.fallbacks ?? Number.NaN)];
    } finally {
      server.disconnect();
    }
  },
};

function rowOf(answers: readonly (readonly [at: number, isAllowed: boolean])[], fallbacks: number): Row {
  const from = (answers[0]?.[0] ?? 0) + FINDING;
  const till = (answers.at(-1)?.[0] ?? 0) - END;
  const looked = answers.filter(([at]) => at >= from && at < till);
  const good = looked.filter(([, isAllowed]) => isAllowed).length;
  const used = good / ((ALLOWED * (till - from)) / 1000);
  const refused = 1 - good / looked.length;
  return {
    what: `${ALLOWED}/s allowed, ${CONFIGURED}/s configured`,
    against: 'what is allowed',
    ours: `${looked.length} answers in ${((till - from) / 1000).toFixed(0)} s, ${fallbacks} fallbacks`,
    theirs: `${ALLOWED}/s`,
    figure: `${(used * 100).toFixed(1)} % used, ${(refused * 100).toFixed(2)} % 429`,
    target: { text: '≥ 80 %, < 2 %, no fallback', met: used >= 0.8 && refused < 0.02 && fallbacks === 0 },
  };
}

/** The next message; checked by nobody, as both sides are of one benchmark. */
async function answer<T>(child: ReturnType<typeof fork>): Promise<T> {
  return (await once(child, 'message'))[0] as T;
}
