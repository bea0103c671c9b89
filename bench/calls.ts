import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { alternate } from './support/alternate.ts';
import type { Benchmark } from './support/benchmark.ts';
import { run } from './support/shardyard.ts';
import { atLeast, seconds, times } from './support/stats.ts';

const SYMBOLS = 100;
const DATES = 36;

export const calls: Benchmark = {
  name: 'calls',
  about: `The published 36.5 ×: ${SYMBOLS} symbols × ${DATES} dates, each of the ${SYMBOLS * DATES} examples makes five calls of 10 ms, four of which are the same for all dates of a
symbol. One process without a cache makes all ${SYMBOLS * DATES * 5} of them (its time is measured once, as it takes minutes), against \`-p 10\` with a cache that is empty, which makes
${SYMBOLS * (DATES + 4)}: 45 × if nothing else took time. Then again with the cache that the first run has filled.`,
  async run({ runs, quick, lab, say }) {
    const count = quick ? (SYMBOLS * DATES) / 10 : SYMBOLS * DATES;
    const args = ['--items', `0:${count}`, '--batch-size', '360', '--spares', '0'];
    const take = async (name: string, more: readonly string[]) => {
      const { wall, cpu, report } = await run(lab, 'calls.mjs', [...args, ...more]);
      return { [name]: 1, wall, cpu, sent: report.calls?.calls ?? 0, saved: report.calls?.saved ?? 0 };
    };
    const forget = (): void => rmSync(join(lab, 'data', 'cache', 'calls'), { recursive: true, force: true });
    const alone = (await alternate([{ name: 'alone', run: () => take('alone', ['-p', '1', '--cache', 'off']) }], { runs: 1, say })).of(
      'alone',
    );
    const medians = await alternate(
      [
        { name: 'cold', run: () => (forget(), take('cold', ['-p', '10'])) },
        { name: 'warm', run: () => take('warm', ['-p', '10']) },
      ],
      { runs, say },
    );
    const row = (what: string, { wall, sent }: { readonly wall: number; readonly sent: number }) => ({
      what: `${count} examples, -p 10, ${what} (${sent} calls)`,
      against: `1 process, no cache (${alone.sent} calls)`,
      ours: seconds(wall),
      theirs: seconds(alone.wall),
      figure: `${times(alone.wall / wall)} faster`,
    });
    const [cold, warm] = [medians.of('cold'), medians.of('warm')];
    return [{ ...row('cold cache', cold), target: atLeast(alone.wall / cold.wall, 36.5, '36.5 ×') }, row('warm cache', warm)];
  },
};
