import { fileURLToPath } from 'node:url';
import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { alternate } from './support/alternate.ts';
import type { Benchmark, Row } from './support/benchmark.ts';
import { command } from './support/shardyard.ts';
import { atLeast, seconds, times } from './support/stats.ts';

const WORKER = fileURLToPath(new URL('../workers/llm-strategies.ts', import.meta.url));
const SERVER = fileURLToPath(new URL('../workers/stand-in/main.ts', import.meta.url));
const PROMPTS = 528;
const WORKERS = [4, 8, 12, 16];
/** What was published for 4, 8, 12 and 16 workers; their run of one worker was slow. */
const PUBLISHED = ['4.8 ×', '9.7 ×', '14.5 ×', '16.6 ×'];

/** Children, and how much faster than one they have to be. */
const TARGETS: Readonly<Record<number, number>> = { 8: 7.5, 16: 14 };

export const llm: Benchmark = {
  name: 'llm',
  about: `The published table of \`workers/llm-strategies.ts\`: ${PROMPTS} prompts, calls of 0.4 s instead of 40 s (a stand-in server without faults, in a process of its own) and the limit
of 1,000 requests a minute raised with it to 100,000, for 1, 4, 8, 12 and 16 children. The time is the whole command's. One child's time is measured once.`,
  async run({ runs, quick, lab, say }) {
    const server = await start();
    const env = { GEMINI_API_KEY: 'none', GEMINI_BASE_URL: server.url };
    const count = quick ? PROMPTS / 8 : PROMPTS;
    const folder = join(lab, 'data', 'cache');
    let name = 0;
    const take = async (processes: number, isWarm = false) => {
      if (!isWarm) rmSync(folder, { recursive: true, force: true });
      const shape = ['-p', String(processes), '--batch-size', String(PROMPTS), '--spares', '0', '--limit', String(count)];
      const options = [...shape, '--rate', '100000/min', '--name', `llm-${++name}`, '--progress', 'none'];
      const { wall, cpu } = await command(lab, ['run', WORKER, ...options], env);
      return { wall, cpu };
    };
    try {
      const alone = (await alternate([{ name: '1', run: () => take(1) }], { runs: 1, say })).of('1');
      const contestants = WORKERS.map((workers) => ({ name: String(workers), run: () => take(workers) }));
      const medians = await alternate(contestants, { runs, say });
      await take(8);
      const warm = (await alternate([{ name: 'cache', run: () => take(8, true) }], { runs, say })).of('cache');
      const rowOf = (what: string, wall: number): Row => ({
        what,
        against: '1 child',
        ours: `${seconds(wall)}, ${Math.round(count / (wall / 60_000))} RPM`,
        theirs: seconds(alone.wall),
        figure: `${times(alone.wall / wall)} faster`,
      });
      return [
        ...WORKERS.map((workers, index) => {
          const { wall } = medians.of(String(workers));
          const least = TARGETS[workers];
          const met = least === undefined ? undefined : atLeast(alone.wall / wall, least, `${least} ×`);
          return { ...rowOf(`${workers} children (published: ${PUBLISHED[index]})`, wall), ...(met ? { target: met } : {}) };
        }),
        { ...rowOf('8 children, again: from the cache', warm.wall), target: atLeast(alone.wall / warm.wall, 30, '30 ×') },
      ];
    } finally {
      server.close();
    }
  },
};

/** The stand-in: every answer after 400 ms, none fails. */
async function start(): Promise<{ url: string; close: () => void }> {
  const child = fork(SERVER, ['llm', '--port', '0', '--latency', '400', '--even', '--no-faults'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the stand-in ended with ${code}`)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const found = /GEMINI_BASE_URL=(\S+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  return { url, close: () => child.kill() };
}
