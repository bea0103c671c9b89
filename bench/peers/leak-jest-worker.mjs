// All items through a pool of two processes that are replaced when their memory is above a limit, looked at between items.
import { fileURLToPath } from 'node:url';
import { Worker } from 'jest-worker';

const pool = new Worker(fileURLToPath(new URL('./leak-jest.cjs', import.meta.url)), {
  numWorkers: 2,
  exposedMethods: ['item'],
  idleMemoryLimit: process.env.BENCH_LIMIT,
});
const peaks = await Promise.all(Array.from({ length: Number(process.env.BENCH_COUNT) }, (_, n) => pool.item(n)));
console.log(Math.max(...peaks));
await pool.end();
