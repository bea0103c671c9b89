import { fork } from 'node:child_process';
import { join } from 'node:path';
import { alternate } from './support/alternate.ts';
import type { Benchmark } from './support/benchmark.ts';
import { peerFile } from './support/shardyard.ts';
import { times } from './support/stats.ts';

const PROCESSES = 8;

export const cache: Benchmark = {
  name: 'cache',
  about: `${PROCESSES} processes write and read one cache at the same time, values of 2 KB of JSON: each writes its own entries, then reads those of all others, one after the
other. The cache as workers have it (compression, checksum, totals, eviction) against a bare table in WAL mode with the same settings, by node:sqlite and by better-sqlite3.`,
  async run({ runs, quick, lab, say }) {
    const each = quick ? 200 : 2000;
    let rounds = 0;
    const contestant = (name: string) => ({ name, run: () => measure(name, join(lab, `${name}-${++rounds}`), each) });
    const names = ['cache', 'node:sqlite', ...((await hasBetterSqlite(say)) ? ['better-sqlite3'] : [])];
    const medians = await alternate(names.map(contestant), { runs, say });
    const ours = medians.of('cache');
    return medians.others.flatMap((other) => {
      const theirs = medians.of(other);
      return (['writes', 'reads'] as const).map((what) => ({
        what: `${what}, ${PROCESSES} processes × ${each}`,
        against: other,
        ours: `${Math.round(ours[what])}/s`,
        theirs: `${Math.round(theirs[what])}/s`,
        figure: `${times(ours[what] / theirs[what])} its rate`,
      }));
    });
  },
};

/** Lets all processes write, then all of them read; entries a second of all together. */
async function measure(store: string, folder: string, each: number): Promise<{ readonly writes: number; readonly reads: number }> {
  const children = Array.from({ length: PROCESSES }, (_, index) =>
    fork(peerFile('cache-user.ts'), [store, folder, String(index), String(PROCESSES), String(each)], { serialization: 'json' }),
  );
  const answers = (): Promise<unknown> =>
    Promise.all(
      children.map(
        (child) =>
          new Promise((resolve, reject) =>
            child.once('message', resolve).once('exit', () => reject(new Error(`${store}: a process ended`))),
          ),
      ),
    );
  const phase = async (name: string): Promise<number> => {
    const before = performance.now();
    const done = answers();
    for (const child of children) child.send(name);
    await done;
    return (PROCESSES * each * 1000) / (performance.now() - before);
  };
  await answers();
  const [writes, reads] = [await phase('write'), await phase('read')];
  for (const child of children) child.disconnect();
  return { writes, reads };
}

/** Installed, and compiled for the Node that runs this. */
async function hasBetterSqlite(say: (line: string) => void): Promise<boolean> {
  try {
    // It has no types of its own.
    const name: string = 'better-sqlite3';
    const { default: Database } = (await import(name)) as { default: new (file: string) => { close(): void } };
    new Database(':memory:').close();
    return true;
  } catch (error) {
    say(`  better-sqlite3 is left out: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    return false;
  }
}
