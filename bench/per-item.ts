import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { alternate } from './support/alternate.ts';
import type { Benchmark, Row } from './support/benchmark.ts';
import { measure } from './support/measure.ts';
import { between, peerFile, run } from './support/shardyard.ts';
import { atMost } from './support/stats.ts';

const microseconds = (value: number): string => `${value.toFixed(2)} µs`;

export const perItem: Benchmark = {
  name: 'per-item',
  about: `What an item costs beside the worker's own work: a million items of a range that do nothing but return one row of two columns, in one batch, against
a plain loop in one Node process that writes the same CSV. From both the time of a run of one item is taken off. What ours does beside: a line of the ledger
with a checksum per item, a row that is checked against the declared columns, reading part and ledger again before they count, the merge. "The batch" is
the child's time alone, from \`dispatched\` to \`committed\`.`,
  async run({ runs, quick, lab, say }) {
    const count = quick ? 100_000 : 1_000_000;
    const ours = (items: number): ReturnType<typeof run> =>
      run(lab, 'row.mjs', ['--items', `0:${items}`, '-p', '1', '--shards', '1', '--batch-size', String(items), '--spares', '0']);
    const loop = (items: number): ReturnType<typeof measure> =>
      measure({ command: process.execPath, args: [peerFile('csv-loop.mjs'), String(items), join(lab, 'loop.csv')], cwd: lab });
    const each = (ms: number): number => (ms * 1000) / count;
    const medians = await alternate(
      [
        {
          name: 'ours',
          async run() {
            const [all, one] = [await ours(count), await ours(1)];
            const batch = between(all.events, 'dispatched', 'committed') - between(one.events, 'dispatched', 'committed');
            return { wall: each(all.wall - one.wall), cpu: each(all.cpu - one.cpu), batch: each(batch) };
          },
        },
        {
          name: 'loop',
          async run() {
            const [all, one] = [await loop(count), await loop(1)];
            return { wall: each(all.wall - one.wall), cpu: each(all.cpu - one.cpu), batch: each(all.wall - one.wall) };
          },
        },
      ],
      { runs, say, clean: () => rmSync(join(lab, 'data'), { recursive: true, force: true }) },
    );
    const [a, b] = [medians.of('ours'), medians.of('loop')];
    const row = (what: string, key: 'wall' | 'cpu' | 'batch', isTarget: boolean): Row => ({
      what,
      against: 'a plain loop',
      ours: `${microseconds(a[key])} an item`,
      theirs: microseconds(b[key]),
      figure: `+ ${microseconds(a[key] - b[key])}`,
      ...(isTarget ? { target: atMost(a[key] - b[key], 2, '2 µs more') } : {}),
    });
    return [
      row('a no-op item with one row', 'wall', true),
      row('the batch alone', 'batch', false),
      row('CPU of all processes', 'cpu', false),
    ];
  },
};
