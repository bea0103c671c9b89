import { seen, type Live } from './live.ts';
import { memoryOf } from './memory.ts';

/** Looks at the memory of children, of all at once. Never rejects. */
export async function sampleMemory(children: Iterable<Live>): Promise<void> {
  const all = [...children].filter(({ child }) => child.pid > 0);
  if (all.length === 0) return;
  const usage = await memoryOf(all.map(({ child }) => child.pid));
  for (const live of all) {
    const memory = usage.get(live.child.pid);
    if (memory !== undefined && memory > 0) seen(live, memory);
  }
}
