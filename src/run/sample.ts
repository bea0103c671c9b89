import { seen, type Live } from './live.ts';

/** Milliseconds for which a process that is not looked at is remembered. */
const KEPT = 2000;

/** Looks at the memory of children, in one call for all of them. Never rejects. */
export async function sampleMemory(children: Iterable<Live>): Promise<void> {
  const all = [...children].filter(({ child }) => child.pid > 0);
  if (all.length === 0) return;
  const { default: pidusage } = await import('pidusage');
  // It rejects when all of them have just gone; the next sample finds the others. It keeps a file open for each process, by default for
  // a minute after the last look: with many short batches that would be hundreds.
  const pids = all.map(({ child }) => child.pid);
  const usage = await pidusage(pids, { maxage: KEPT }).catch(() => ({}) as Record<string, { memory: number } | undefined>);
  for (const live of all) {
    const memory = usage[live.child.pid]?.memory;
    if (memory !== undefined && memory > 0) seen(live, memory);
  }
}
