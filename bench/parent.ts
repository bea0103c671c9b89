import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../src/core/report.ts';
import type { Benchmark, BenchOptions, Row } from './support/benchmark.ts';
import { command, run, type Finished } from './support/shardyard.ts';
import { atMost, median, megabytes, seconds } from './support/stats.ts';

const LIMIT = 150e6;

export const parent: Benchmark = {
  name: 'parent',
  about: `Whether the parent's memory depends on the work: ten million items of a range with a row of one field, two processes, batches of 50,000; then \`status\`
and \`resume\` of that run, which have to read its journal. A hundred thousand records from a JSONL file of 50 MB. A million items from a text file, and the
same run resumed with the list turned round: nothing is run again, every row moves. Each is run once; memory is what the parent says of itself in the
report (the kernel's figure), "any process" includes the planning child.`,
  async run(options) {
    const rows = [...(await range(options)), ...(await jsonl(options)), ...(await reversed(options))];
    return rows;
  },
};

const memory = (what: string, peak: number): Row => ({
  what,
  against: '–',
  ours: megabytes(peak),
  theirs: '–',
  figure: megabytes(peak),
  target: atMost(peak, LIMIT, megabytes(LIMIT)),
});
const figure = (what: string, value: string): Row => ({ what, against: '–', ours: value, theirs: '–', figure: value });

async function range({ runs, quick, lab, say }: BenchOptions): Promise<readonly Row[]> {
  const count = quick ? 1_000_000 : 10_000_000;
  const made = await run(lab, 'field.mjs', ['--items', `0:${count}`, '-p', '2', '--batch-size', '50000']);
  say(`  ${count} items: ${seconds(made.wall)}`);
  const later = async (verb: 'status' | 'resume'): Promise<number> => {
    const walls: number[] = [];
    for (let n = 0; n < runs; n++)
      walls.push((await command(lab, verb === 'status' ? [verb, made.name] : [verb, made.name, '--progress', 'none'])).wall);
    return median(walls);
  };
  const under = (what: string, ms: number): Row => ({ ...figure(what, seconds(ms)), target: atMost(ms, 2000, '2 s') });
  const size = sizeOf(made.folder);
  const [status, resume] = [await later('status'), await later('resume')];
  rmSync(made.folder, { recursive: true });
  return [
    memory(`${count} items of a range: the parent's memory`, made.report.parentPeakRssBytes),
    figure('… items a second', rate(made, count)),
    figure("… the run's folder", `${megabytes(size)}, ${(size / count).toFixed(0)} bytes an item`),
    under('… `status` of it', status),
    under('… `resume` of it', resume),
  ];
}

async function jsonl({ quick, lab, say }: BenchOptions): Promise<readonly Row[]> {
  const count = quick ? 10_000 : 100_000;
  const file = join(lab, 'records.jsonl');
  const text = 'x'.repeat(470);
  writeLines(file, count, (n) => `{"key":"record-${n}","text":"${text}"}`);
  const made = await run(lab, 'field.mjs', ['--items', file, '--key', 'key', '-p', '2', '--batch-size', '5000']);
  say(`  ${count} records: ${seconds(made.wall)}`);
  const size = statSync(file).size;
  rmSync(made.folder, { recursive: true });
  return [
    memory(`${count} records of a ${megabytes(size)} JSONL file: the parent's memory`, made.report.parentPeakRssBytes),
    figure('… any process', megabytes(made.peak)),
    figure('… items a second', rate(made, count)),
  ];
}

async function reversed({ quick, lab, say }: BenchOptions): Promise<readonly Row[]> {
  const count = quick ? 100_000 : 1_000_000;
  const [forth, back] = [join(lab, 'forth.txt'), join(lab, 'back.txt')];
  writeLines(forth, count, (n) => `item-${n}`);
  writeLines(back, count, (n) => `item-${count - 1 - n}`);
  const made = await run(lab, 'field.mjs', ['--items', forth, '-p', '2', '--batch-size', '20000']);
  say(`  ${count} items of a file: ${seconds(made.wall)}`);
  const again = await command(lab, ['resume', made.name, '--items', back, '--progress', 'none']);
  say(`  resumed the other way round: ${seconds(again.wall)}`);
  // Written by the command that has just ended.
  const report = JSON.parse(readFileSync(join(made.folder, 'report.json'), 'utf8')) as Report;
  if (report.items.done !== count || report.children.started > 0) throw new Error('the resume has run items again');
  return [
    memory(`${count} items of a text file: the parent's memory`, made.report.parentPeakRssBytes),
    figure('… time', seconds(made.wall)),
    memory('… resumed the other way round', report.parentPeakRssBytes),
    figure('… any process', megabytes(again.peak)),
    figure('… time', seconds(again.wall)),
  ];
}

const rate = ({ wall }: Finished, count: number): string => `${Math.round(count / (wall / 1000)).toLocaleString('en')}/s`;

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

function writeLines(file: string, count: number, line: (n: number) => string): void {
  const output = openSync(file, 'w');
  try {
    for (let n = 0; n < count; n += 1000) {
      writeSync(output, Array.from({ length: Math.min(1000, count - n) }, (_, at) => `${line(n + at)}\n`).join(''));
    }
  } finally {
    closeSync(output);
  }
}
