// One batch, as a shell script would have it: `node spin-batch.mjs <start>` does 200 items and prints their rows.
import { iterationsOf, job, spin } from './work.mjs';

const start = Number(process.argv[2]);
let text = '';
for (let n = start; n < Math.min(start + 200, job.count); n++) text += `${n},${spin(iterationsOf(n, job), n)}\n`;
process.stdout.write(text);
