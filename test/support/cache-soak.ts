import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { unpackValue } from '../../src/store/cache-entry.ts';
import { SqliteCache } from '../../src/store/cache-sqlite.ts';
import { hashFor, valueFor } from './cache-values.ts';
import { Random } from './random.ts';

const WRITER = fileURLToPath(new URL('cache-writer.ts', import.meta.url));

export interface SoakOptions {
  readonly folder: string;
  readonly runs: number;
  readonly processes: number;
  readonly seed: number;
  /** Enough when there have been so many kills and so many milliseconds. */
  readonly kills: number;
  readonly ms: number;
  readonly say?: (line: string) => void;
}

/** What came of a soak: writes that were acknowledged, and those of them that are not there or not what was written. */
export interface Soaked {
  readonly kills: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly entries: number;
  readonly damaged: number;
  readonly fault: string | null;
  /** What writers died of that nobody killed. */
  readonly errors: readonly string[];
}

/** Lets `runs` × `processes` writers work on one cache, kills a random one with SIGKILL again and again, and counts what is left. */
export async function soakCache({ folder, runs, processes, seed, kills: wanted, ms, say }: SoakOptions): Promise<Soaked> {
  const random = new Random(seed);
  const acknowledged = new Map<string, number>();
  const errors: string[] = [];
  const writers: { child: ChildProcess; name: string; killed: boolean; readonly ended: Promise<unknown> }[] = [];
  const start = (slot: number, name: string): void => {
    const first = (acknowledged.get(name) ?? -1) + 1;
    const child = spawn(process.execPath, [WRITER, folder, name, String(first)], { stdio: ['ignore', 'pipe', 'pipe'] });
    const writer = { child, name, killed: false, ended: once(child, 'close') };
    let [rest, said] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      const last = lines.at(-1);
      if (last !== undefined) acknowledged.set(name, Number(last));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    void writer.ended.then(() => !writer.killed && said !== '' && errors.push(said));
    writers[slot] = writer;
  };
  for (let slot = 0; slot < runs * processes; slot++) start(slot, `run ${Math.floor(slot / processes)} writer ${slot % processes}`);

  const until = Date.now() + ms;
  let kills = 0;
  while ((kills < wanted || Date.now() < until) && errors.length === 0) {
    const slot = random.int(0, writers.length - 1);
    const writer = writers[slot];
    if (!writer) break;
    // One that has written something is in the middle of something.
    if (acknowledged.has(writer.name)) await new Promise((resolve) => setTimeout(resolve, random.next() * 30));
    else await Promise.race([once(writer.child.stdout ?? writer.child, 'data'), writer.ended]);
    writer.killed = true;
    writer.child.kill('SIGKILL');
    await writer.ended;
    start(slot, writer.name);
    if (++kills % 100 === 0) say?.(`${kills} kills, ${sum(acknowledged)} writes`);
  }
  for (const writer of writers) writer.child.kill('SIGTERM');
  await Promise.all(writers.map(async ({ ended }) => ended));

  const store = await SqliteCache.open({ kind: 'sqlite', folder, maxBytes: 1e12 }, (message) => errors.push(message));
  let lost = 0;
  for (const [name, last] of acknowledged) {
    for (let number = 0; number <= last; number++) {
      const entry = await store.get(hashFor(name, number));
      if (!entry || unpackValue(entry) !== valueFor(name, number)) lost++;
    }
  }
  const { entries, damaged, fault } = await store.verify();
  store.close();
  return { kills, acknowledged: sum(acknowledged), lost, entries, damaged, fault, errors };
}

const sum = (acknowledged: ReadonlyMap<string, number>): number => [...acknowledged.values()].reduce((total, last) => total + last + 1, 0);
