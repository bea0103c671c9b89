import type { Cause } from '../../src/core/outcome.ts';
import { type Poison, POISONS } from '../fixtures/workers/poison.ts';
import { type Blow } from './chaos-plan.ts';
import type { Random } from './random.ts';

/** The items that are poison at every try; the same in all rounds, so that what remains without them is computed once. */
export const ALWAYS: readonly number[] = [13, 47];
/** So many items are poison at their first try only. */
const ONCE = 3;

/** With what causes an item that always does this may fail. */
const CAUSES: Readonly<Record<Exclude<Poison, 'fat'>, readonly Cause[]>> = {
  throw: ['error'],
  reject: ['error'],
  exit: ['exit'],
  quit: ['no-receipt'],
  abort: ['signal'],
  segfault: ['signal'],
  hang: ['item-timeout'],
  block: ['item-timeout', 'stalled'],
  grow: ['rss-limit'],
};

/** The poison of a round. */
export interface Planted {
  readonly always: ReadonlyMap<number, Exclude<Poison, 'fat'>>;
  readonly kinds: readonly Poison[];
  /** For `--param`. */
  readonly param: string;
}

/** Puts poison into some of `count` items. */
export function plant(random: Random, count: number): Planted {
  const deadly = POISONS.filter((kind) => kind !== 'fat');
  const always = new Map(ALWAYS.map((number) => [number, random.pick(deadly)]));
  const others = Array.from({ length: count }, (_, number) => number).filter((number) => !always.has(number));
  const once = Array.from(
    { length: ONCE },
    () => [others.splice(random.int(0, others.length - 1), 1)[0] ?? 0, random.pick(deadly)] as const,
  );
  const fat = others.splice(random.int(0, others.length - 1), 1)[0] ?? 0;
  const parts = [
    ...[...always].map(([number, kind]) => `${number}:${kind}`),
    ...once.map(([number, kind]) => `${number}:${kind}:1`),
    `${fat}:fat`,
  ];
  return { always, kinds: [...always.values(), ...once.map(([, kind]) => kind), 'fat'], param: `poison=${parts.join(',')}` };
}

/** A failed item as `status --json` shows it. */
export interface Failure {
  readonly key: string;
  readonly cause: Cause;
}

/** What is wrong with the failures of a run in which nobody disturbed anybody since its failed items were owed again. */
export function unexpected(failures: readonly Failure[], always: Planted['always']): string[] {
  const wrong = failures.flatMap((failure) => (isRight(failure, always) ? [] : [describe(failure)]));
  const failed = new Set(failures.map(numberOf));
  return [...wrong, ...[...always].flatMap(([number, kind]) => (failed.has(number) ? [] : [`item ${number} (${kind}) has not failed`]))];
}

/** Failures that neither poison nor what was done to the run explains. */
export function unexplained(failures: readonly Failure[], always: Planted['always'], blows: ReadonlySet<Blow>): string[] {
  const explained = new Set<Cause>();
  if (blows.has('child') || blows.has('all')) explained.add('signal');
  if (blows.has('child stopped')) for (const cause of ['item-timeout', 'batch-timeout', 'stalled'] as const) explained.add(cause);
  return failures.flatMap((failure) => (explained.has(failure.cause) || isRight(failure, always) ? [] : [describe(failure)]));
}

function isRight(failure: Failure, always: Planted['always']): boolean {
  const kind = always.get(numberOf(failure));
  return kind !== undefined && CAUSES[kind].includes(failure.cause);
}

const numberOf = ({ key }: Failure): number => Number(/^item (\d+),/.exec(key)?.[1] ?? Number.NaN);
const describe = ({ key, cause }: Failure): string => `${key} has failed with ${cause}`;
