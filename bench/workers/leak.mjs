// Every item waits 20 ms and keeps a megabyte for ever: BENCH_LEAK says where (heap, buffer, none). At the end each child writes down
// how much memory it had at most.
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { leak } from '../peers/leak.mjs';

export default {
  columns: ['n'],
  setup: () => ({}),
  async process(n) {
    leak(process.env.BENCH_LEAK, Number(n));
    await sleep(20);
    return { n };
  },
  teardown: () => appendFileSync(process.env.BENCH_PEAKS, `${process.resourceUsage().maxRSS * 1024}\n`),
};
