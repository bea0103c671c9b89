import { replay as replayItem } from '../index.ts';
import { UserError } from '../core/errors.ts';
import { EXIT } from '../core/exit-codes.ts';
import { formatDuration } from '../core/quantities.ts';
import { remedy } from '../core/remedy.ts';
import { plural } from '../reporters/numbers.ts';
import { shown } from '../reporters/text.ts';
import { note, print } from './terminal.ts';
import type { Input } from './verbs.ts';

/** `shardyard replay [run] <key>`: rows on stdout, everything else on stderr. */
export async function replay({ positionals, settings }: Input): Promise<number> {
  const { run: first = '', key: second } = positionals;
  const [run, key] = second === undefined ? [undefined, first] : [first, second];
  if (key === '') throw new UserError('replay needs the key of an item', { hint: 'write shardyard replay [run] KEY' });
  const { place, run: options, verb } = settings;
  const stopping = new AbortController();
  let code: number = EXIT.failed;
  const stop = (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void => {
    code = signal === 'SIGINT' ? EXIT.sigint : signal === 'SIGTERM' ? EXIT.sigterm : EXIT.stopped;
    stopping.abort();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    const replayed = await replayItem({
      ...place,
      key,
      ...(run === undefined ? {} : { run }),
      ...(options.worker === undefined ? {} : { worker: options.worker }),
      ...(verb.inspect ? { inspect: true } : {}),
      signal: stopping.signal,
      onRows: print,
      onBegin({ run: name, index, shard, isChanged }) {
        note(`${shown(key, 60)} (item ${index}, shard ${shard}) of ${name}; nothing is committed`);
        if (isChanged) note('the worker has changed since the run made its rows');
      },
    });
    if (replayed.ok) {
      note(`ok: ${plural(replayed.rows, 'row')} in ${formatDuration(replayed.ms)}`);
      return EXIT.done;
    }
    // The stack of what was thrown has been printed; there is no log.
    const advice = replayed.cause === 'error' ? undefined : remedy(replayed.cause);
    note(`failed by ${replayed.cause}: ${shown(replayed.message, 300)}${advice === undefined ? '' : `. ${advice}`}`);
    return stopping.signal.aborted ? code : EXIT.failed;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
