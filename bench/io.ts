import { alternate } from './support/alternate.ts';
import type { Benchmark } from './support/benchmark.ts';
import { run } from './support/shardyard.ts';
import { atLeast, seconds, times } from './support/stats.ts';

const ITEM_MS = 50;

export const io: Benchmark = {
  name: 'io',
  about: `Items that wait for something elsewhere: 12,800 of 50 ms, sixteen processes with four items in flight each, batches of 200, against what one
item after the other would take (computed, not waited for). 64 at a time would be 64 ×; what is missing is the start of the command, sixteen
processes on two cores, the last batches, and the merge.`,
  async run({ runs, quick, lab, say }) {
    const count = quick ? 3200 : 12_800;
    const args = ['--items', `0:${count}`, '-p', '16', '--concurrency', '4', '--batch-size', quick ? '50' : '200'];
    const ours = { name: 'ours', run: () => run(lab, 'wait.mjs', args).then(({ wall, cpu }) => ({ wall, cpu })) };
    const { wall, cpu } = (await alternate([ours], { runs, say })).of('ours');
    const alone = count * ITEM_MS;
    return [
      {
        what: `${count} items of ${ITEM_MS} ms, -p 16 --concurrency 4`,
        against: '1 × 1, computed',
        ours: `${seconds(wall)} (CPU ${seconds(cpu)})`,
        theirs: seconds(alone),
        figure: `${times(alone / wall)} faster`,
        target: atLeast(alone / wall, 50, '50 ×'),
      },
    ];
  },
};
