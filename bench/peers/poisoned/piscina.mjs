// All items that have no rows yet, through four threads, each with a time limit as the manual has it (a signal ends the thread). A result is
// written as soon as it is there, with one write.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { Piscina } from 'piscina';

const [count, limit, threads] = process.argv.slice(2).map(Number);
const done = new Set(
  existsSync('out.csv')
    ? readFileSync('out.csv', 'utf8')
        .split('\n')
        .map((line) => line.split(',')[0])
    : [],
);
const todo = Array.from({ length: count }, (_, n) => n).filter((n) => !done.has(String(n)));
const filename = new URL('./piscina-item.mjs', import.meta.url).href;
const pool = new Piscina({ filename, minThreads: threads, maxThreads: threads });
const queue = todo.values();
const work = async () => {
  for (const n of queue) {
    try {
      appendFileSync('out.csv', (await pool.run(n, { signal: AbortSignal.timeout(limit * 1000) })).join(''));
    } catch (error) {
      console.log(`failed ${n} ${error.message}`);
    }
  }
};
await Promise.all(Array.from({ length: threads }, work));
await pool.close();
