import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Machine } from '../core/calibration.ts';
import { openMemory } from './cgroup.ts';

/** What of this machine the processes that we start may use. */
export function machineHere(): Machine {
  const limit = process.constrainedMemory();
  const cpuQuota = quotaOf();
  const cores = availableParallelism();
  return {
    // Half a core is better used than left.
    cores: cpuQuota === null ? cores : Math.max(1, Math.min(cores, Math.round(cpuQuota))),
    cpuQuota,
    memoryLimit: limit > 0 && limit < 2 ** 50 ? limit : null,
    memoryAvailable: openMemory().available(),
  };
}

/** The CPUs that the cgroup of this process, or one above it, is allowed; null where there is no limit. */
function quotaOf(): number | null {
  const own = /^0::(.*)$/m.exec(read('/proc/self/cgroup'))?.[1] ?? '/';
  let least = Infinity;
  for (let group = own; ; group = join(group, '..')) {
    const [quota, period] = read(join('/sys/fs/cgroup', group, 'cpu.max'))
      .trim()
      .split(' ')
      .map(Number);
    if (quota !== undefined && period !== undefined && quota > 0 && period > 0) least = Math.min(least, quota / period);
    if (group === '/' || group === '.') break;
  }
  // The first version of cgroups has two files for the same.
  const quota = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'));
  const period = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_period_us'));
  if (quota > 0 && period > 0) least = Math.min(least, quota / period);
  return least === Infinity ? null : least;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
