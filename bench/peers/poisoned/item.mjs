// The job of "poisoned": an item is 100 ms of waiting between two rows. Four of them never give the second one. BENCH_POISON says
// which, BENCH_BEGUN is a file that gets a line whenever an item is begun.
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const poison = Object.fromEntries((process.env.BENCH_POISON ?? '').split(',').map((part) => part.split(':')));

/** The rows of an item, as they come. */
export async function* rowsOf(n) {
  appendFileSync(process.env.BENCH_BEGUN, `${n}\n`);
  yield `${n},0,${n * n}\n`;
  await sleep(100);
  switch (poison[n]) {
    case 'throw':
      throw new Error(`item ${n} is bad`);
    case 'exit':
      process.exit(3);
      break;
    case 'segfault':
      process.kill(process.pid, 'SIGSEGV');
      await sleep(3_600_000);
      break;
    case 'hang':
      await sleep(3_600_000);
  }
  yield `${n},1,${n * n}\n`;
}
