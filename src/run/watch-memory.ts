import { type Held, relieve } from '../core/memory.ts';
import type { RunState } from '../core/state.ts';
import type { Memory } from './cgroup.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Fact } from './settle.ts';

export interface MemoryOptions {
  readonly dispatcher: Dispatcher;
  readonly state: RunState;
  readonly memory: Memory;
  /** Bytes below which nothing new begins; absent: off. */
  readonly wanted: number | undefined;
}

/** Milliseconds for which nothing new begins, at least: memory that comes and goes must not fill the journal. */
const HOLD = 1000;

/** Gives what keeps `--memory-free`, to be called at first and then a few times a second; does nothing where that is off. */
export function watchMemory({ dispatcher, state, memory, wanted }: MemoryOptions): (now: number) => void {
  if (wanted === undefined) return () => undefined;
  const { children } = dispatcher;
  let heldAt = 0;
  return (now) => {
    const available = memory.available();
    const { hold, end } = relieve(available, wanted, heldBy(dispatcher, state));
    const say = (how: Extract<Fact, { type: 'memory-free' }>['state'], child?: number): void =>
      dispatcher.emit({ type: 'memory-free', state: how, available, wanted, ...(child === undefined ? {} : { child }) });
    if (hold !== children.held && now - heldAt >= HOLD) {
      children.held = hold;
      heldAt = now;
      say(hold ? 'holding' : 'enough');
    }
    if (end === undefined) return;
    say('ending', end);
    // As if it had been asked to stop: what it has finished is kept, and no item is to blame.
    children.tell(end, 'stopped', 'SIGTERM');
  };
}

/** The children that have work or wait for it; not those that have handed it in and only clean up. */
function heldBy({ live }: Dispatcher, state: RunState): Held[] {
  return [...live].flatMap(([child, { told, attempt, receipt }]) => {
    const leaving = told !== undefined && told.how !== 'message';
    if (!leaving && (receipt || state.children.get(child)?.phase === 'leaving')) return [];
    return [{ child, since: attempt === undefined ? undefined : state.running.get(attempt)?.since, leaving }];
  });
}
