import { fileURLToPath } from 'node:url';
import type { EventType } from '../../src/core/events.ts';
import type { Random } from './random.ts';

const worker = (name: string): string => fileURLToPath(new URL(`../fixtures/workers/${name}.ts`, import.meta.url));

/** The name of the run. */
export const RUN = 'r';

/** A run to be disturbed. */
export interface Scenario {
  readonly name: string;
  /** Arguments of `run`. */
  readonly args: readonly string[];
  /** Number of items. */
  readonly count: number;
  /** The merged file, relative to the folder in which the command runs. */
  readonly output: string;
}

/** Who is killed by SIGKILL. */
export type Target = 'parent' | 'child' | 'guard' | 'planner' | 'all';
/** What else may happen: a child gets SIGSTOP, the parent SIGINT once or twice, the disk is full. */
export type Fault = 'child stopped' | 'Ctrl-C' | 'Ctrl-C twice' | 'disk full';
export type Blow = Target | Fault;

/** Whether a blow is a kill, and not another fault. */
export const isKill = (blow: Blow): blow is Target => !/stopped|Ctrl-C|full/.test(blow);

/** When to strike: so long after the start of the session or the blow before, or after something that happens in it. */
export type Instant = { readonly ms: number; readonly from: 'start' | 'now' } & (
  | { readonly kind: 'time' }
  /** The event of a type that comes `nth` from now. */
  | { readonly kind: 'event'; readonly type: EventType; readonly nth: number }
  /** Everything is committed. */
  | { readonly kind: 'merge' }
  /** There is a planning child. */
  | { readonly kind: 'planner' }
);

const COUNT = 80;
const csv = ['out.csv', [worker('mixed-csv')]] as const;
const jsonl = ['out.jsonl', [worker('mixed-objects')]] as const;
const union = ['union.csv', [worker('mixed-objects')]] as const;

function scenario(name: string, [output, args]: readonly [string, readonly string[]], more: string): Scenario {
  // A child that is stopped at any time ends by one of these.
  return {
    name,
    output,
    count: COUNT,
    args: [...args, '-o', output, '--item-timeout', '3s', '--batch-timeout', '20s', ...more.split(' ')],
  };
}

export const SCENARIOS: readonly Scenario[] = [
  scenario('csv, 2 processes', csv, '-p 2 --batch-size 9'),
  scenario('csv, concurrency 4', csv, '-p 2 --concurrency 4 --shards 3 --batch-size 9'),
  scenario('jsonl, 1 process', jsonl, '-p 1 --batch-size 20'),
  scenario('jsonl, concurrency 4', jsonl, '-p 3 --concurrency 4 --shards 5 --batch-size 6'),
  scenario('csv of undeclared columns', union, '-p 2 --shards 7 --batch-size 10 --spares 0'),
  scenario('csv, flaky items', csv, '-p 2 --concurrency 4 --batch-size 20 --param flaky=60'),
  scenario('csv, one batch', csv, '-p 1 --shards 1 --batch-size 80 --spares 2'),
  scenario('gzipped jsonl from csv rows', ['out.jsonl.gz', csv[1]], '-p 2 --shards 4 --batch-size 12 --concurrency 2'),
];

/** What to do next. A session that does not plan has no planning child. */
export function blowFor(random: Random, { plans, disk }: { readonly plans: boolean; readonly disk: boolean }): Blow {
  return random.weighted<Blow>([
    [36, 'parent'],
    [14, 'all'],
    [24, 'child'],
    [14, 'guard'],
    [plans ? 6 : 0, 'planner'],
    [8, 'child stopped'],
    [8, 'Ctrl-C'],
    [5, 'Ctrl-C twice'],
    [disk ? 20 : 0, 'disk full'],
  ]);
}

const ONCE = ['opened', 'planned', 'merged', 'closed'] as const;
const WORKING = ['child-started', 'child-ready', 'dispatched', 'committed', 'child-ended'] as const;

/** When to strike; `expected` is what an undisturbed run takes, in milliseconds. `again`: something has happened in this session before. */
export function instantFor(
  random: Random,
  { blow, expected, again }: { readonly blow: Blow; readonly expected: number; readonly again: boolean },
): Instant {
  if (blow === 'planner') return { kind: 'planner', from: 'now', ms: random.int(0, 250) };
  const working = (): Instant => ({ kind: 'event', type: random.pick(WORKING), nth: random.int(1, 4), from: 'now', ms: random.int(0, 20) });
  if (blow === 'child' || blow === 'child stopped')
    return random.chance(0.7) ? working() : { kind: 'time', from: 'now', ms: (random.next() * expected) / 2 };
  return random.weighted<() => Instant>([
    [40, () => ({ kind: 'time', from: again ? 'now' : 'start', ms: random.next() * expected })],
    [15, () => ({ kind: 'time', from: 'now', ms: random.next() * 300 })],
    [15, () => ({ kind: 'merge', from: 'now', ms: random.int(0, 60) })],
    [15, working],
    [again ? 0 : 15, () => ({ kind: 'event', type: random.pick(ONCE), nth: 1, from: 'now', ms: random.int(0, 8) })],
  ])();
}

/** A command that continues a run, without its name, and whether it has a planning child. */
export interface Continuing {
  readonly command: 'resume' | 'rerun';
  readonly options: readonly string[];
  readonly plans: boolean;
}

/** How to go on with a run, with options that it may not have had before. Nothing of this may change its result. */
export function continuing(random: Random): Continuing {
  if (random.chance(0.1)) return { command: 'rerun', options: ['--shards', '0'], plans: false };
  // Lists the items again, and finds all of them by their keys.
  if (random.chance(0.1)) return { command: 'resume', options: ['--limit', String(COUNT)], plans: true };
  const options: string[] = [];
  if (random.chance(0.25)) options.push('--processes', String(random.int(1, 3)));
  if (random.chance(0.25)) options.push('--shards', String(random.int(1, 9)));
  if (random.chance(0.25)) options.push('--batch-size', String(random.int(1, 40)));
  if (random.chance(0.2)) options.push('--concurrency', String(random.int(1, 6)));
  return { command: 'resume', options, plans: false };
}
