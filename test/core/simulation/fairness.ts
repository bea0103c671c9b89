import { strict as assert } from 'node:assert';
import { countSpans } from '../../../src/core/intervals.ts';
import type { Piece } from '../../../src/core/schedule.ts';
import type { RunState } from '../../../src/core/state.ts';
import { listOf } from './oracle.ts';

/** What waits in a shard and need not be done alone. */
function ordinary(state: RunState, shard: number | undefined): number[] {
  if (shard === undefined) return [];
  return listOf(state.waiting[shard]?.spans() ?? []).filter((position) => !state.trouble.get(position)?.alone);
}

/** Whose turn it was: a slot's own shard from the front, then one that nobody has, then the back of the one with most left. */
export function checkPiece(state: RunState, slot: number, piece: Piece, now: number): void {
  const { shard, stolen, mode, spans } = piece;
  const plan = state.plan;
  assert(plan);
  const positions = listOf(spans);
  const bounds = plan.shards[shard];
  assert(bounds && positions.every((position) => position >= bounds[0] && position < bounds[1]), 'a piece lies in one shard');
  assert(countSpans(spans) <= plan.batchSize, 'a piece is at most a batch');
  assert(slot < state.slots.length && [...state.running.values()].every((running) => running.slot !== slot), 'the slot is free');
  if (mode === 'alone') {
    const trouble = state.trouble.get(positions[0] ?? -1);
    assert.equal(positions.length, 1, 'alone means alone');
    return assert(trouble?.alone && trouble.notBefore <= now, 'after its pause');
  }
  assert(
    positions.every((position) => !state.trouble.get(position)?.alone),
    'who killed a child is not put beside others',
  );
  assert.equal(
    mode === 'careful',
    positions.some((position) => state.careful.has(position)),
    'careful where a death was not explained',
  );
  const own = state.slots[slot];
  const waiting = ordinary(state, shard);
  if (own !== undefined && ordinary(state, own).length > 0) assert(shard === own && !stolen, 'a slot works through its own shard first');
  if (!stolen) {
    assert.deepEqual(positions, waiting.slice(0, positions.length), 'from the front');
    assert(shard === own || !state.slots.includes(shard), 'nobody else has the shard');
    return;
  }
  assert.equal(positions.at(-1), waiting.at(-1), 'from the back');
  for (const other of state.waiting.keys()) {
    if (ordinary(state, other).length === 0) continue;
    assert(state.slots.includes(other), 'a shard that nobody has comes first');
    assert((state.waiting[other]?.size ?? 0) <= (state.waiting[shard]?.size ?? 0), 'of the shard with most left');
  }
}
