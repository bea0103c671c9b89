import { readFileSync } from 'node:fs';

/**
 * The memory of processes, in bytes, of those that are there. On Linux read by ourselves: pidusage keeps a file open for each process, for
 * ever where the process ends while it is looked at (one in 130 batches of a busy machine), and a long run has a million of them.
 */
export async function memoryOf(pids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (process.platform === 'linux') return new Map(pids.flatMap((pid) => residentOf(pid)));
  const { default: pidusage } = await import('pidusage');
  // It rejects when all of them have just gone; the next look finds the others.
  const usage = await pidusage([...pids]).catch(() => ({}) as Record<string, { memory: number } | undefined>);
  return new Map(Object.entries(usage).flatMap(([pid, found]): [number, number][] => (found ? [[Number(pid), found.memory]] : [])));
}

function residentOf(pid: number): [number, number][] {
  try {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? [] : [[pid, Number(kilobytes) * 1024]];
  } catch {
    return [];
  }
}
