import { shard as runShards } from '../index.ts';
import { UserError } from '../core/errors.ts';
import { formatIndexSet, looksLikeIndexSet, parseIndexSet } from '../core/index-set.ts';
import { drive } from './drive.ts';
import type { Input } from './verbs.ts';

/** `shardyard shard [run] <shards>`: with one argument, shards of the latest run. */
export async function shard({ positionals, settings }: Input): Promise<number> {
  const { run: first = '', shards: second } = positionals;
  const [run, text] = second === undefined ? [undefined, first] : [first, second];
  if (!looksLikeIndexSet(text)) {
    throw new UserError(`${JSON.stringify(text)} is not a set of shards`, {
      hint:
        second === undefined
          ? 'write shardyard shard [run] 7, or a set such as 0,3,5-9'
          : 'write a number from 0, or a set such as 0,3,5-9',
    });
  }
  const { run: options, place, show } = settings;
  const shards = formatIndexSet(parseIndexSet(text));
  return drive(runShards(shards, { ...options, ...place, ...(run === undefined ? {} : { run }) }), show.progress);
}
