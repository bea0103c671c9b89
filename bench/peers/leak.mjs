const kept = [];

/** Keeps a megabyte more: numbers on V8's heap, or bytes outside of it. */
export function leak(where, n) {
  if (where === 'heap') kept.push(Array(131_072).fill(n));
  if (where === 'buffer') kept.push(Buffer.alloc(1 << 20, 1));
}
