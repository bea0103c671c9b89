import { countSpans, type Span } from '../core/intervals.ts';
import { STRIDE } from './frozen.ts';
import { hash53 } from './hash.ts';
import type { ItemReader } from './item-reader.ts';

/** The position of the item with this key, or `undefined`. */
export type KeyLookup = (key: string) => number | undefined;

const CACHED_UNITS = 64 * 1024 * 1024;
/** What a short string costs beyond its characters. */
const STRING_UNITS = 32;

/**
 * Finds positions by key among the items of `spans`: 8 bytes for a slot of a table that is a third to two thirds full.
 * The table only suggests positions; the keys there are read and compared, so that the answer is exact.
 */
export function indexKeys(reader: ItemReader, spans: readonly Span[]): KeyLookup {
  const slots = 2 ** Math.ceil(Math.log2(countSpans(spans) * 1.5 + 1));
  const last = slots - 1;
  /** Position + 1 of the item in each slot, and the lower half of its hash; the upper bits say where a search begins. */
  const positions = new Uint32Array(slots);
  const tags = new Uint32Array(slots);
  const slotOf = (hash: number): number => ((hash / 2 ** 27) >>> 0) & last;
  for (const { index, key } of reader.readKeys(spans)) {
    const hash = hash53(key);
    let slot = slotOf(hash);
    while (positions[slot] !== 0) slot = (slot + 1) & last;
    positions[slot] = index + 1;
    tags[slot] = hash >>> 0;
  }
  const keyAt = cachedKeys(reader);
  return (key) => {
    const hash = hash53(key);
    for (let slot = slotOf(hash); positions[slot] !== 0; slot = (slot + 1) & last) {
      if (tags[slot] !== hash >>> 0) continue;
      const position = (positions[slot] ?? 0) - 1;
      if (keyAt(position) === key) return position;
    }
    return undefined;
  };
}

/** `keyAt` for many calls: reads the keys of a stride at once and keeps as many strides as the cache holds. */
function cachedKeys(reader: ItemReader): (position: number) => string | undefined {
  const blocks = new Map<number, readonly string[]>();
  const sizes = new Map<number, number>();
  let units = 0;
  const load = (block: number): readonly string[] => {
    const span = [block * STRIDE, Math.min((block + 1) * STRIDE, reader.count)] as const;
    const keys = Array.from(reader.readKeys([span]), ({ key }) => key);
    const size = keys.reduce((sum, key) => sum + key.length + STRING_UNITS, 0);
    for (const [oldest, its] of sizes) {
      if (units + size <= CACHED_UNITS) break;
      blocks.delete(oldest);
      sizes.delete(oldest);
      units -= its;
    }
    blocks.set(block, keys);
    sizes.set(block, size);
    units += size;
    return keys;
  };
  return (position) => {
    const block = Math.floor(position / STRIDE);
    return (blocks.get(block) ?? load(block))[position % STRIDE];
  };
}
