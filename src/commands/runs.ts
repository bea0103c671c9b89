import { listRuns } from '../index.ts';
import { EXIT } from '../core/exit-codes.ts';
import { formatCount, formatDuration } from '../core/quantities.ts';
import { formatTable } from './table.ts';
import { note, print, printJson } from './terminal.ts';
import type { RunInfo } from '../core/api.ts';
import type { Input } from './verbs.ts';

/** `shardyard runs` */
export async function runs({ settings }: Input): Promise<number> {
  const list = await listRuns(settings.place);
  if (settings.verb.json) await printJson(list);
  else if (list.length === 0) note('no runs yet: start one with shardyard run');
  else await print(formatRuns(list));
  return EXIT.done;
}

/** One line a run, for people. */
export function formatRuns(list: readonly RunInfo[]): string {
  return formatTable(
    [
      { head: 'run' },
      { head: 'state' },
      { head: 'items', align: 'right' },
      { head: 'done', align: 'right' },
      { head: 'failed', align: 'right' },
      { head: 'started (UTC)' },
      { head: 'took', align: 'right' },
      { head: 'output' },
    ],
    list.map((info) => [
      info.run,
      info.state,
      formatCount(info.items),
      formatCount(info.done),
      formatCount(info.failed),
      info.startedAt === null ? '-' : new Date(info.startedAt).toISOString().slice(0, 19).replace('T', ' '),
      info.ms === null ? '-' : formatDuration(info.ms),
      info.output,
    ]),
  );
}
