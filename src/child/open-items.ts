import type { FrozenItem } from '../input/item-reader.ts';

/** The items that a child has begun and not ended, with the moment (of `performance.now`) at which each began. */
export class OpenItems {
  // Nearly always there is one, and it is a field: a map would cost a quick item a tenth of its time.
  #item: FrozenItem | undefined;
  #since = 0;
  #others: Map<number, { readonly item: FrozenItem; readonly since: number }> | undefined;

  begin(item: FrozenItem, since: number): void {
    if (this.#item === undefined) {
      this.#item = item;
      this.#since = since;
    } else (this.#others ??= new Map()).set(item.index, { item, since });
  }

  end({ index }: FrozenItem): void {
    if (this.#item?.index === index) this.#item = undefined;
    else this.#others?.delete(index);
  }

  /** The one that has taken longest so far. */
  oldest(now: number): { readonly key: string; readonly ms: number } | null {
    let oldest = this.#item === undefined ? undefined : { item: this.#item, since: this.#since };
    for (const open of this.#others?.values() ?? []) if (oldest === undefined || open.since < oldest.since) oldest = open;
    return oldest === undefined ? null : { key: oldest.item.key, ms: now - oldest.since };
  }
}
