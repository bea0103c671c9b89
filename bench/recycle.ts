import { alternate, type Contestant } from './support/alternate.ts';
import type { Benchmark, Row } from './support/benchmark.ts';
import { has, measure } from './support/measure.ts';
import { between, peerFile, run } from './support/shardyard.ts';
import { atMost, seconds, times } from './support/stats.ts';

interface Figures extends Readonly<Record<string, number>> {
  readonly wall: number;
  readonly cpu: number;
}

const args = (items: number): string[] => ['--items', `0:${items}`, '-p', '2', '--batch-size', '1'];

export const recycle: Benchmark = {
  name: 'recycle',
  about: `What a fresh child per batch costs: 500 batches of one item that does nothing, two processes, against other ways to start \`node empty.mjs\`
500 times, two at a time. Ours does more in that time: a part, a ledger and a journal, synced, receipts that are checked, a guard against orphans. Taken is the
time in the journal from the first \`child-started\` to the last \`child-ended\`, which leaves out what the command takes once, however much there is
to do: reading its arguments, planning, merging. CPU is the time of all processes, less that of a run of one item; where the machine has other
things to do as well, it is the ratio to trust.`,
  async run({ runs, quick, lab, say }) {
    const count = quick ? 40 : 500;
    const node = process.execPath;
    const empty = peerFile('empty.mjs');
    const ours = async (worker: string): Promise<Figures> => {
      const all = await run(lab, worker, args(count));
      const one = await run(lab, worker, args(1));
      return { wall: between(all.events, 'child-started', 'child-ended'), cpu: all.cpu - one.cpu };
    };
    const input = Array.from({ length: count }, (_, n) => `${n}\n`).join('');
    const peer = (command: string, given: readonly string[]) => (): Promise<Figures> =>
      measure({ command, args: given, cwd: lab, input }).then(({ wall, cpu }) => ({ wall, cpu }));
    const contestants: Contestant<Figures>[] = [
      { name: 'ours, .mjs', run: () => ours('noop.mjs') },
      { name: 'xargs', run: peer('xargs', ['-P2', '-n1', node, empty]) },
      { name: 'ours, .ts', run: () => ours('noop-types.ts') },
      { name: 'fork loop', run: peer(node, [peerFile('fork-loop.mjs'), empty, String(count), '2']) },
    ];
    const parallel = ['-j2', '--will-cite', '--joblog', `${lab}/joblog`, '--results', `${lab}/results`];
    if (await has('parallel', '--version')) contestants.push({ name: 'GNU parallel', run: peer('parallel', [...parallel, node, empty]) });
    else say('SKIPPED: GNU parallel is not installed (apt-get install parallel)');

    const medians = await alternate(contestants, { runs, say });
    const row = (what: string, against: string, limit?: number): Row => {
      const [a, b] = [medians.of(what), medians.of(against)];
      const ratio = a.wall / b.wall;
      return {
        what,
        against,
        ours: `${seconds(a.wall)} (CPU ${seconds(a.cpu)})`,
        theirs: `${seconds(b.wall)} (CPU ${seconds(b.cpu)})`,
        figure: `${times(ratio)} (CPU ${times(a.cpu / b.cpu)})`,
        ...(limit === undefined ? {} : { target: atMost(ratio, limit, `${limit} ×`) }),
      };
    };
    return [
      row('ours, .mjs', 'xargs', 1.3),
      row('ours, .ts', 'fork loop', 1.2),
      row('ours, .ts', 'xargs'),
      row('fork loop', 'xargs'),
      ...(medians.others.includes('GNU parallel') ? [row('GNU parallel', 'xargs')] : []),
    ];
  },
};
