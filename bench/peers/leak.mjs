const kept = [];

/** Keeps a megabyte more: numbers on V8's heap, or bytes outside of it. */
export function leak(where, n) {
  if (where === 'heap') kept.push(Array.from({ length: 131_072 }, (_, at) => at + n + 0.5));
  if (where === 'buffer') kept.push(Buffer.alloc(1 << 20, 1));
}
