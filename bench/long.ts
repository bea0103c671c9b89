import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJournal } from '../src/store/journal.ts';
import type { Report } from '../src/core/report.ts';
import type { Benchmark, Row } from './support/benchmark.ts';
import { bin, workerFile } from './support/shardyard.ts';
import { atMost, median, megabytes, seconds } from './support/stats.ts';
import { watch, type Sample } from './support/watch.ts';

const BATCHES = 20_000;
const MILLION = 1_000_000;
const LIMIT = 150e6;
/** Bytes between the second and the last tenth that still count as flat. */
const FLAT = 5e6;

export const long: Benchmark = {
  name: 'long',
  about: `Whether a long run stays as it began: batches of one item that does nothing (20,000, or BENCH_BATCHES), two processes. Every second the parent is
looked at from outside: its memory, its open files, children that have ended and that nobody has asked about. The run is divided into tenths by its
batches; the first one, in which the engine warms up, is left out. Run once.`,
  async run({ quick, lab, say }) {
    const count = quick ? 300 : Number(process.env['BENCH_BATCHES'] ?? BATCHES);
    const args = [
      'run',
      workerFile('noop.mjs'),
      '--items',
      `0:${count}`,
      '-p',
      '2',
      '--shards',
      '2',
      '--batch-size',
      '1',
      '--name',
      'long',
    ];
    const { samples, cpu } = await watch([bin, ...args, '--progress', 'none'], { cwd: lab, every: quick ? 200 : 1000 });
    const folder = join(lab, 'data', 'runs', 'long');
    const committed: number[] = [];
    const bytes = readJournal(join(folder, 'journal.ndjson'), (event) => void (event.type === 'committed' && committed.push(event.at)));
    // Written by the command that has just ended.
    const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report;
    if (report.items.done !== count || committed.length !== count)
      throw new Error(`${report.items.done} items in ${committed.length} batches`);
    const tenths = Array.from({ length: 10 }, (_, n) => tenth(n, committed, samples));
    for (const [n, { ms, rss, descriptors }] of tenths.entries())
      say(`  tenth ${n}: ${ms.toFixed(1)} ms a batch, ${megabytes(rss)}, ${descriptors} files open`);
    return rowsOf({ count, tenths, samples, cpu, bytes, peak: report.parentPeakRssBytes });
  },
};

interface Tenth {
  /** Per batch. */
  readonly ms: number;
  readonly rss: number;
  readonly descriptors: number;
}

function tenth(n: number, committed: readonly number[], samples: readonly Sample[]): Tenth {
  const size = committed.length / 10;
  const [from = 0, to = 0] = [committed[Math.floor(n * size)], committed[Math.floor((n + 1) * size) - 1]];
  const within = samples.filter(({ at }) => at >= from && at <= to);
  return {
    ms: (to - from) / (size - 1),
    rss: median(within.map(({ rss }) => rss)),
    descriptors: median(within.map(({ descriptors }) => descriptors)),
  };
}

interface Found {
  readonly count: number;
  readonly tenths: readonly Tenth[];
  readonly samples: readonly Sample[];
  readonly cpu: { readonly own: number; readonly all: number };
  /** Of the journal. */
  readonly bytes: number;
  readonly peak: number;
}

function rowsOf({ count, tenths, samples, cpu, bytes, peak }: Found): Row[] {
  const [second, last] = [tenths[1], tenths[9]];
  if (!second || !last) return [];
  const zombies = Math.max(...samples.map((sample) => sample.zombies));
  const growth = last.rss - second.rss;
  const ratio = last.ms / second.ms;
  return [
    row(
      "the last tenth: the parent's memory",
      megabytes(second.rss),
      megabytes(last.rss),
      `${(growth / 1e6).toFixed(1)} MB`,
      atMost(growth, FLAT, '5 MB'),
    ),
    row(
      '… its open files',
      String(second.descriptors),
      String(last.descriptors),
      String(last.descriptors - second.descriptors),
      atMost(last.descriptors - second.descriptors, 0, '0'),
    ),
    row('… time per batch', `${second.ms.toFixed(1)} ms`, `${last.ms.toFixed(1)} ms`, `${ratio.toFixed(2)} ×`, atMost(ratio, 1.1, '1.1 ×')),
    alone('batches', count.toLocaleString('en')),
    alone("the parent's peak memory", megabytes(peak), atMost(peak, LIMIT, megabytes(LIMIT))),
    // One that ends in the very moment of a look is seen before its parent has heard of it.
    alone('most zombies at any moment', String(zombies), atMost(zombies, 2, '2')),
    alone("the parent's CPU per batch", `${(cpu.own / count).toFixed(1)} ms`),
    alone('CPU of all processes per batch', `${(cpu.all / count).toFixed(1)} ms`),
    alone('the journal per batch', `${(bytes / count).toFixed(0)} bytes`),
    alone('a million such batches: time', seconds(last.ms * MILLION)),
    alone("… the parent's memory, were it to grow on", megabytes(last.rss + (Math.max(0, growth) / (0.8 * count)) * MILLION)),
    alone('… the journal', megabytes((bytes / count) * MILLION)),
  ];
}

function row(what: string, before: string, after: string, figure: string, target?: Row['target']): Row {
  return { what, against: 'the second tenth', ours: after, theirs: before, figure, ...(target ? { target } : {}) };
}

function alone(what: string, figure: string, target?: Row['target']): Row {
  return { ...row(what, '–', figure, figure, target), against: '–' };
}
