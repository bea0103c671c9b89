/**
 * One of the writers of a soak: writes and reads entries of a cache until it is killed or told to end, and says which writes are
 * acknowledged: `<number>\n` on stdout, once the cache has it. Arguments: folder, the writer's name, number of its first entry.
 */
import { writeSync } from 'node:fs';
import { packValue, unpackValue } from '../../src/store/cache-entry.ts';
import { SqliteCache } from '../../src/store/cache-sqlite.ts';
import { hashFor, valueFor } from './cache-values.ts';

const [folder = '', name = '', first = '0'] = process.argv.slice(2);
const store = await SqliteCache.open({ kind: 'sqlite', folder, maxBytes: 1e12 }, (message) => {
  throw new Error(message);
});
const over = new AbortController();
process.on('SIGTERM', () => over.abort());
for (let number = Number(first); !over.signal.aborted; number++) {
  await store.set(hashFor(name, number), packValue(valueFor(name, number)), undefined);
  // At once, so that what was acknowledged is known however this ends.
  writeSync(1, `${number}\n`);
  const back = Math.max(0, number - 50);
  const entry = await store.get(hashFor(name, back));
  if (!entry || unpackValue(entry) !== valueFor(name, back)) throw new Error(`${name} ${back} is not what was written`);
}
store.close();
