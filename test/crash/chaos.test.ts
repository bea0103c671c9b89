import { expect, test } from 'vitest';
import { Chaos } from '../support/chaos.ts';

// Two rounds, chosen so that the parent and children are killed, items are poison, the disk is full and Ctrl-C is typed. The long version, with
// all scenarios and everybody killed: `npm run chaos -- --kills 200 --seed 1`. A round that failed: `npm run chaos -- --seed S --rounds N`.
test('kills, poison and other faults at random instants change nothing in the result', { timeout: 300_000 }, async () => {
  const seed = Number(process.env['CHAOS_SEED'] ?? 1);
  console.log(`chaos with seed ${seed}`);
  const chaos = new Chaos(seed);
  for (const { number, folder, failures } of await Promise.all([chaos.round(2), chaos.round(4)])) {
    expect({ seed, number, folder, failures }).toEqual({ seed, number, folder, failures: [] });
  }
});
