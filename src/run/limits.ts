import { judge, type Verdict } from '../core/limits.ts';
import type { Running } from '../core/running.ts';
import type { RunState } from '../core/state.ts';
import type { RunSettings } from '../store/manifest.ts';
import { idOf } from './attempts.ts';
import type { Memory } from './cgroup.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Live } from './live.ts';
import { sampleMemory } from './sample.ts';
import { watchMemory } from './watch-memory.ts';

/** Milliseconds between two looks at the limits, and between two at the memory: as often, where that has a limit. */
export const LOOK = 200;
const SAMPLE = 1000;
/** A look that comes later than this finds heartbeats that wait to be heard: the next one has heard them. */
const LATE = 3 * LOOK;

export interface LimitsOptions {
  readonly dispatcher: Dispatcher;
  readonly state: RunState;
  readonly settings: RunSettings;
  readonly memory: Memory;
  /** The time (ms since 1970), without what does not count; called once a look, before anything else. */
  readonly now: () => number;
  /** Called once a second, after the memory was looked at. */
  readonly onSample: () => void;
}

/** Watches time and memory of the running children, until the returned function is called. What is decided is in `core/limits`. */
export function watchLimits(options: LimitsOptions): () => void {
  const { dispatcher, settings } = options;
  const every = settings.maxRss === undefined ? SAMPLE : LOOK;
  const given = new WeakMap<Running, Set<string>>();
  const relieve = watchMemory({ ...options, wanted: settings.memoryFree });
  let [looked, sampled, shown] = [Date.now(), 0, 0];
  relieve(looked);
  let sampling = false;
  let isOver = false;
  const timer = setInterval(() => {
    const now = options.now();
    const isLate = now - looked > LATE;
    looked = now;
    dispatcher.insist(now);
    relieve(now);
    if (!isLate) check(options, given, now);
    if (now - sampled < every || sampling) return;
    sampled = now;
    sampling = true;
    void sampleMemory(dispatcher.live.values()).finally(() => {
      sampling = false;
      // What is shown after the end would stay.
      if (isOver || now - shown < SAMPLE) return;
      shown = now;
      options.onSample();
    });
  }, LOOK);
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

function check({ dispatcher, state, settings }: LimitsOptions, given: WeakMap<Running, Set<string>>, now: number): void {
  for (const [id, child] of state.children) {
    if (child.phase === 'starting' && now - child.since > settings.batchTimeout) dispatcher.children.tell(id, 'setup-failed', 'SIGTERM');
  }
  for (const attempt of state.running.values()) {
    const live = dispatcher.live.get(attempt.child);
    if (!live || live.receipt) continue;
    const verdict = judge({ ...live, since: attempt.since, told: live.told?.how }, settings, now);
    if (verdict) heed(verdict, attempt, live, dispatcher, given);
  }
}

function heed(verdict: Verdict, attempt: Running, live: Live, dispatcher: Dispatcher, given: WeakMap<Running, Set<string>>): void {
  const { limit, message } = verdict;
  const { child } = attempt;
  if (verdict.do === 'end') {
    if (!live.told || live.told.how === 'message')
      dispatcher.emit({ type: 'warned', message: `shard ${attempt.shard}, batch ${attempt.batch}: ${message}` });
    return dispatcher.children.tell(child, limit, verdict.how);
  }
  const about = verdict.do === 'warn' ? verdict.about : verdict.do;
  const before = given.get(attempt) ?? new Set();
  given.set(attempt, before);
  if (before.has(about)) return;
  before.add(about);
  dispatcher.emit({ type: 'limit-near', ...idOf(attempt), child, limit, message });
  if (verdict.do === 'retire') dispatcher.children.retire(child);
}
