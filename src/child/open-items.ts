import type { FrozenItem } from '../input/item-reader.ts';

/** So many items in flight are named in a heartbeat. */
const MOST = 16;

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

  /** The first sixteen of them, the one that has taken longest first; `age` tells how long since a moment of `performance.now`. */
  list(age: (since: number) => number): { readonly key: string; readonly ms: number }[] {
    const all = this.#item === undefined ? [] : [{ item: this.#item, since: this.#since }];
    all.push(...(this.#others?.values() ?? []));
    return all
      .toSorted((a, b) => a.since - b.since)
      .slice(0, MOST)
      .map(({ item, since }) => ({ key: item.key, ms: age(since) }));
  }
}
