/**
 * A 53-bit hash of a text: even spread, no protection against people who look for collisions; whoever uses it compares
 * the texts themselves before believing that they are equal.
 *
 * Two 32-bit lanes; the shift in each step carries the upper bits, where a multiplication puts its mixing, down again.
 */
export function hash53(text: string): number {
  let a = 0x243f6a88;
  let b = 0x85a308d3;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    a ^= a >>> 15;
    b = Math.imul(b ^ (unit << 7), 0x85ebca77);
    b ^= b >>> 13;
  }
  a = Math.imul(a ^ (b >>> 16), 0xc2b2ae3d);
  b = Math.imul(b ^ (a >>> 15), 0x27d4eb2f);
  return ((a ^ (a >>> 16)) >>> 0) * 0x200000 + ((b ^ (b >>> 15)) >>> 11);
}
