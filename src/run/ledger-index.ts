import { readLedger } from '../store/ledger.ts';

/** A ledger's finished items, by position: where their rows are in the part. */
export interface Index {
  readonly positions: Float64Array;
  /** Four numbers each: start, end, crc32, rows. */
  readonly spans: Float64Array;
}

/** Reads what was committed of a ledger; lines behind that never counted. */
export function readIndex(descriptor: number, bytes: number): Index {
  let numbers = new Float64Array(5 * 1024);
  let count = 0;
  let sorted = true;
  for (const line of readLedger(descriptor, bytes)) {
    if (line.status !== 'done') continue;
    if (count > 0 && line.index <= (numbers[(count - 1) * 5] ?? 0)) sorted = false;
    numbers = put(numbers, [line.index, line.start, line.end, line.crc32, line.rows], count++);
    // The first of several that have their rows together stands for all of them.
    for (let more = 1; more < (line.items ?? 1); more++) numbers = put(numbers, [line.index + more, line.end, line.end, 0, 0], count++);
  }
  const order = Uint32Array.from({ length: count }, (_, n) => n);
  if (!sorted) order.sort((a, b) => (numbers[a * 5] ?? 0) - (numbers[b * 5] ?? 0));
  const positions = new Float64Array(count);
  const spans = new Float64Array(count * 4);
  for (const [to, at] of order.entries()) {
    positions[to] = numbers[at * 5] ?? 0;
    spans.set(numbers.subarray(at * 5 + 1, at * 5 + 5), to * 4);
  }
  return { positions, spans };
}

/** Sets the five numbers of entry `at`, in a larger array where that is needed. */
function put(numbers: Float64Array<ArrayBuffer>, entry: readonly number[], at: number): Float64Array<ArrayBuffer> {
  let room = numbers;
  if ((at + 1) * 5 > numbers.length) {
    room = new Float64Array(numbers.length * 2);
    room.set(numbers);
  }
  room.set(entry, at * 5);
  return room;
}

/** Where a position is among sorted ones; -1: nowhere. */
export function find(positions: Float64Array, position: number): number {
  let low = 0;
  let high = positions.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = positions[middle] ?? Infinity;
    if (found === position) return middle;
    if (found < position) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
