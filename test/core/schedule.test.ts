import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { RunState } from '../../src/core/state.ts';
import { plain } from './simulation/plain.ts';
import { World, type WorldOptions } from './simulation/world.ts';

const options: fc.Arbitrary<WorldOptions> = fc.record({
  seed: fc.nat(0xffff_ffff),
  items: fc.nat(60),
  shards: fc.integer({ min: 1, max: 8 }),
  batchSize: fc.integer({ min: 1, max: 12 }),
  processes: fc.integer({ min: 1, max: 6 }),
  spares: fc.nat(3),
  stagger: fc.constantFrom(0, 0, 100),
  concurrency: fc.integer({ min: 1, max: 4 }),
  retries: fc.nat(3),
  faults: fc.nat(25),
  bad: fc.constantFrom(0, 0.05, 0.3),
});

/** Failures name what happened last; a whole history is too long to read. */
function playing(world: World, act: () => void): void {
  try {
    act();
  } catch (error) {
    const last = world.events.slice(-12).map((event) => JSON.stringify(event));
    throw new Error(`${String(error)}\nthe last events:\n${last.join('\n')}`, { cause: error });
  }
}

describe('the schedule, whatever happens', () => {
  test('settles every item, gives none to two, and repeats no name', () => {
    fc.assert(
      fc.property(options, (chosen) => {
        const world = new World(chosen);
        playing(world, () => world.play());
      }),
      { numRuns: 80 },
    );
  });

  test('does shards again that are asked for, and keeps what was there until there is better', () => {
    fc.assert(
      fc.property(options, fc.array(fc.nat(7)), (chosen, shards) => {
        const world = new World(chosen);
        playing(world, () => {
          world.play();
          const committed = new Set(world.oracle.committed.keys());
          world.again(() => shards.flatMap((shard) => world.state.plan?.shards.slice(shard, shard + 1) ?? []));
          if (!world.events.some((event) => event.type === 'opened' && event.changed === 'fresh')) {
            for (const id of committed) expect(world.oracle.committed.has(id)).toBe(true);
          }
        });
      }),
      { numRuns: 80 },
    );
  });

  test('its journal gives the same state again', () => {
    fc.assert(
      fc.property(options, (chosen) => {
        const world = new World(chosen);
        playing(world, () => world.play());
        const replayed = new RunState(world.plans);
        for (const event of world.events) replayed.apply(JSON.parse(JSON.stringify(event)) as RunEvent);
        expect(plain(replayed)).toEqual(plain(world.state));
      }),
      { numRuns: 60 },
    );
  });
});

describe('without anything from outside', () => {
  test('exactly the bad items fail: whoever was in flight beside them is done', () => {
    fc.assert(
      fc.property(options, (chosen) => {
        const world = new World({ ...chosen, faults: 0 });
        playing(world, () => world.play());
        for (const id of world.oracle.ids) {
          const nature = world.nature(id);
          const failed = world.oracle.failed.has(id);
          // Without retries, one that kills once fails, unless nobody knew that it was in flight.
          if (nature === 'kills once' && chosen.retries === 0) continue;
          expect(failed, `item ${id}: ${nature}`).toBe(nature === 'throws' || nature === 'kills');
        }
      }),
      { numRuns: 60 },
    );
  });

  test('and without bad items, every item is dispatched once', () => {
    fc.assert(
      fc.property(options, (chosen) => {
        const world = new World({ ...chosen, faults: 0, bad: 0 });
        playing(world, () => world.play());
        const halved = world.events.reduce((sum, event) => sum + (event.type === 'halved' ? count(event.spans) : 0), 0);
        const dispatched = world.events.reduce((sum, event) => sum + (event.type === 'dispatched' ? count(event.spans) : 0), 0);
        expect(dispatched - halved).toBe(chosen.items);
        expect(world.state.totals.childrenDied).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

const count = (spans: readonly (readonly [number, number])[]): number => spans.reduce((sum, [start, end]) => sum + end - start, 0);
