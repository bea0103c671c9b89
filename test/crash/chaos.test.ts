import { expect, test } from 'vitest';
import { Chaos } from '../support/chaos.ts';

// The long version: `npm run chaos -- --kills 200 --seed 1`. A round that failed: `npm run chaos -- --seed S --rounds N`.
test('kills, poison and other faults at random instants change nothing in the result', { timeout: 300_000 }, async () => {
  const seed = Number(process.env['CHAOS_SEED'] ?? 1);
  console.log(`chaos with seed ${seed}`);
  for await (const { number, folder, failures } of new Chaos(seed).rounds(6, 2)) {
    expect({ seed, number, folder, failures }).toEqual({ seed, number, folder, failures: [] });
  }
});
