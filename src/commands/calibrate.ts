import { calibration, freeze, status } from '../index.ts';
import { formatCount } from '../core/quantities.ts';
import { commandFor } from '../run/next-command.ts';
import { formatCalibration } from './calibration-text.ts';
import { drive } from './drive.ts';
import { launchOptions } from './run.ts';
import { print, printJson } from './terminal.ts';
import type { Report } from '../core/report.ts';
import type { Settings } from './resolve.ts';

/** `shardyard plan --calibrate N [worker]`, and with 0 items `shardyard plan --freeze [worker]`: makes the run, and measures so many items. */
export async function calibrate(settings: Settings, items: number): Promise<number> {
  const { place, verb, show } = settings;
  const handle = freeze(launchOptions(settings), { items });
  const code = await drive(handle, show.progress, isWorthSummary);
  const { run } = await handle.planned;
  const choice = { ...place, run };
  if (items > 0) {
    const found = await calibration(choice);
    if (verb.json) await printJson(found);
    else await print(formatCalibration(found));
    return code;
  }
  const { items: counts, shards } = await status(choice);
  const next = { shard: commandFor('shard', run, place, ' 0'), all: commandFor('resume', run, place) };
  if (verb.json) await printJson({ run, items: counts.total, shards: shards.length, next });
  else {
    const what = `${run}: ${formatCount(counts.total)} items in ${formatCount(shards.length)} shards, planned and not started`;
    await print(`${what}\n\nOne shard, from 0:\n  ${next.shard}\nAll that is not done, and the merge:\n  ${next.all}\n`);
  }
  return code;
}

/** Where all went well the measurements are what there is to say. */
const isWorthSummary = ({ stopped, scope, state }: Report): boolean => stopped !== null || state !== 'stopped' || (scope?.failed ?? 0) > 0;
