/**
 * `npm run bench`: measures, prints tables, and writes them into README.md. Options: `--runs N` (5), `--only name,name`, `--quick`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { adaptive } from './adaptive.ts';
import { foreign } from './foreign.ts';
import { cache } from './cache.ts';
import { calls } from './calls.ts';
import { discovery } from './discovery.ts';
import { io } from './io.ts';
import { limits } from './limits.ts';
import { llm } from './llm.ts';
import { leak } from './leak.ts';
import { long } from './long.ts';
import { merge } from './merge.ts';
import { parent } from './parent.ts';
import { parquet } from './parquet.ts';
import { permits } from './permits.ts';
import { perItem } from './per-item.ts';
import { poisoned } from './poisoned.ts';
import { recycle } from './recycle.ts';
import { rowGroups } from './row-groups.ts';
import { scaling } from './scaling.ts';
import { stop } from './stop.ts';
import { shell } from './shell.ts';
import { ticks } from './ticks.ts';
import type { Benchmark } from './support/benchmark.ts';
import { circumstances, updateReadme } from './support/readme.ts';
import { tableOf } from './support/table.ts';

const ALL: readonly Benchmark[] = [
  recycle,
  perItem,
  merge,
  parquet,
  rowGroups,
  foreign,
  scaling,
  leak,
  io,
  parent,
  long,
  stop,
  poisoned,
  shell,
  discovery,
  ticks,
  permits,
  limits,
  adaptive,
  cache,
  calls,
  llm,
];
const { values } = parseArgs({
  options: { runs: { type: 'string' }, only: { type: 'string' }, quick: { type: 'boolean', default: false } },
});
const runs = Number(values.runs ?? (values.quick ? 1 : 5));
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: give a whole number`);
const names = ALL.map(({ name }) => name);
const only = values.only?.split(',') ?? names;
const unknown = only.find((name) => !names.includes(name));
if (unknown !== undefined) throw new Error(`--only ${unknown}: there is no such benchmark (${names.join(', ')})`);

const sections = new Map<string, string>();
for (const { name, about, run } of ALL) {
  if (!only.includes(name)) continue;
  console.error(`${name} (load average ${loadavg()[0]?.toFixed(1)})`);
  const lab = mkdtempSync(join(tmpdir(), 'shardyard-bench-'));
  try {
    const rows = await run({ runs, quick: values.quick, lab, say: (line) => console.error(line) });
    const section = `## ${name}\n\n${about}\n\n${typeof rows === 'string' ? rows : tableOf(rows)}\n\n${circumstances(runs)}`;
    if (rows.length > 0) sections.set(name, section);
    console.log(`${section}\n`);
  } finally {
    rmSync(lab, { recursive: true, force: true });
  }
}
if (!values.quick) updateReadme(new URL('README.md', import.meta.url), names, sections);
