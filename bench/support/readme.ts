import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

const HEAD = `# Benchmarks

\`npm run bench\` measures what Shardyard costs and what it brings, as ratios within one run, and writes what it found here. Contestants take turns (A B C,
A B C, …) and figures are medians, since no machine is ever quiet; a ratio of two programs that ran beside each other says more than either's
time. \`npm run bench -- --only recycle,merge\` runs some of them, \`--runs N\` more or fewer rounds than five, \`--quick\` a fraction of the
work, to try the scripts out (then nothing is written here). A contestant that is not installed is skipped, and says so.
`;

/** Replaces the sections of those benchmarks that were run. */
export function updateReadme(file: URL, order: readonly string[], sections: ReadonlyMap<string, string>): void {
  const known = new Map<string, string>();
  const old = existsSync(file) ? readFileSync(file, 'utf8') : '';
  for (const section of old.split(/^(?=## )/m).slice(1)) known.set(/^## (.*)$/m.exec(section)?.[1] ?? '', section);
  for (const [name, section] of sections) known.set(name, section);
  const all = order.flatMap((name) => known.get(name)?.trim() ?? []);
  writeFileSync(file, `${[HEAD.trim(), ...all].join('\n\n')}\n`);
}

/** Where and when figures were taken. */
export function circumstances(runs: number): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, Node ${process.versions.node}, ${availableParallelism()} cores (${model}), ${process.platform}; medians of ${runs}.`;
}
