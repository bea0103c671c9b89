// All items through a pool of two threads.
import { Piscina } from 'piscina';
import { job } from './work.mjs';

const pool = new Piscina({ filename: new URL('./spin-item.mjs', import.meta.url).href, minThreads: 2, maxThreads: 2 });
const rows = await Promise.all(Array.from({ length: job.count }, (_, n) => pool.run(n)));
if (rows.length !== job.count) throw new Error('rows are missing');
await pool.close();
