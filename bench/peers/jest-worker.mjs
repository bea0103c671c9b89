// All items through a pool of two child processes.
import { fileURLToPath } from 'node:url';
import { Worker } from 'jest-worker';
import { job } from './work.mjs';

const pool = new Worker(fileURLToPath(new URL('./spin-item-jest.cjs', import.meta.url)), { numWorkers: 2, exposedMethods: ['item'] });
const rows = await Promise.all(Array.from({ length: job.count }, (_, n) => pool.item(n)));
if (rows.length !== job.count) throw new Error('rows are missing');
await pool.end();
