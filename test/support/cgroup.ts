import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A control group of the kernel with a memory limit. */
export interface Cgroup {
  /** A command line that runs another one in it. */
  readonly wrap: (command: readonly string[]) => [string, ...string[]];
  /** Takes it away once its processes are gone. */
  readonly remove: () => Promise<void>;
}

/** Makes one, version 1 or 2; `undefined` where that is not allowed: few machines give it to anybody but root. */
export function makeCgroup(bytes: number): Cgroup | undefined {
  const name = `shardyard-test-${process.pid}-${Math.round(performance.now())}`;
  const lines = readIfThere('/proc/self/cgroup').split('\n');
  const own = lines.map((line) => line.split(':')).find(([, controllers = '']) => controllers.split(',').includes('memory'))?.[2];
  const folder = own === undefined ? join('/sys/fs/cgroup', name) : join('/sys/fs/cgroup/memory', own, name);
  const limit = join(folder, own === undefined ? 'memory.max' : 'memory.limit_in_bytes');
  try {
    mkdirSync(folder);
    if (!existsSync(limit)) throw new Error('no memory controller');
    writeFileSync(limit, String(bytes));
  } catch {
    removeIfThere(folder);
    return undefined;
  }
  return {
    wrap: (command) => ['/bin/sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', folder, ...command],
    remove: async () => {
      for (let round = 0; !removeIfThere(folder) && round < 200; round++) await sleep(25);
    },
  };
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function removeIfThere(folder: string): boolean {
  try {
    rmdirSync(folder);
  } catch {
    return !existsSync(folder);
  }
  return true;
}
