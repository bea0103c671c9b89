import { plan as planRun } from '../index.ts';
import { EXIT } from '../core/exit-codes.ts';
import { formatCount } from '../core/quantities.ts';
import { launchOptions } from './run.ts';
import { shown } from '../reporters/text.ts';
import { formatTable } from './table.ts';
import { print, printJson } from './terminal.ts';
import type { PlanPreview } from '../core/api.ts';
import type { Input } from './verbs.ts';

/** `shardyard plan [worker]` */
export async function plan(input: Input): Promise<number> {
  const { settings } = input;
  const { calibrate: items, freeze } = settings.verb;
  if (items !== undefined || freeze) return (await import('./calibrate.ts')).calibrate(input, items ?? 0);
  const preview = await planRun(launchOptions(input));
  if (settings.verb.json) await printJson(preview);
  else await print(formatPlan(preview));
  return EXIT.done;
}

/** The shards and batches of a plan, for people. */
export function formatPlan(preview: PlanPreview): string {
  const { worker, items, combinations, processes, concurrency, batchSize, emptyShards, shards, columns, output } = preview;
  const batches = shards.reduce((sum, shard) => sum + shard.batches, 0);
  const head = [
    ...(combinations === undefined
      ? []
      : [`${formatCount(items / combinations)} items, each for ${formatCount(combinations)} combinations of swept parameters`]),
    `${worker}: ${formatCount(items)} items in ${formatCount(shards.length)} shards, ${formatCount(batches)} batches of at most ${formatCount(batchSize)}`,
    `${processes} children at a time, ${concurrency} ${concurrency === 1 ? 'item' : 'items'} at a time in each`,
    `columns ${columns === null ? 'as the rows have them' : columns.join(', ')}`,
    `output  ${output}`,
    ...(emptyShards === 0 ? [] : [`${emptyShards} more shards were asked for and would be empty: they do not exist`]),
  ];
  if (shards.length === 0) return `${head.join('\n')}\n`;
  const table = formatTable(
    [
      { head: 'shard', align: 'right' },
      { head: 'items' },
      { head: 'count', align: 'right' },
      { head: 'batches', align: 'right' },
      { head: 'first' },
      { head: 'last' },
    ],
    shards.map((shard) => [
      String(shard.index),
      `[${shard.start},${shard.end})`,
      formatCount(shard.end - shard.start),
      formatCount(shard.batches),
      shown(shard.firstKey, 40),
      shown(shard.lastKey, 40),
    ]),
  );
  return `${head.join('\n')}\n\n${table}`;
}
