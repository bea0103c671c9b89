/** Who waits for what. Everybody in turn; whoever asks for more at a time is served less often. */
export class FairQueue<Ask extends { readonly weight: number }> {
  readonly #lines = new Map<number, { turn: number; readonly asks: Ask[] }>();
  #now = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Puts an ask at the end of its asker's line, or, where it was served in vain, at the front. */
  add(asker: number, ask: Ask, at: 'back' | 'front' = 'back'): void {
    let line = this.#lines.get(asker);
    if (!line) this.#lines.set(asker, (line = { turn: this.#now, asks: [] }));
    // Who has not asked for a while has no claim to what others have had meanwhile.
    if (line.asks.length === 0) line.turn = Math.max(line.turn, this.#now);
    if (at === 'back') line.asks.push(ask);
    else {
      line.asks.unshift(ask);
      line.turn -= ask.weight;
    }
    this.#size++;
  }

  /** The ask whose turn it is, still in the queue. */
  peek(): { readonly asker: number; readonly ask: Ask } | undefined {
    let found: { asker: number; ask: Ask; turn: number } | undefined;
    for (const [
      asker,
      {
        turn,
        asks: [ask],
      },
    ] of this.#lines)
      if (ask && (!found || turn < found.turn)) found = { asker, ask, turn };
    return found;
  }

  /** Takes the ask whose turn it is. */
  shift(): void {
    const found = this.peek();
    const line = found && this.#lines.get(found.asker);
    if (!found || !line) return;
    this.#now = line.turn;
    line.turn += found.ask.weight;
    line.asks.shift();
    this.#size--;
  }

  /** The first asks in the order of their turns, as far as that can be told without serving them. */
  first(count: number): Ask[] {
    const all = [...this.#lines.values()].flatMap(({ turn, asks }) => asks.slice(0, count).map((ask, at) => ({ turn: turn + at, ask })));
    return all
      .toSorted((a, b) => a.turn - b.turn)
      .slice(0, count)
      .map(({ ask }) => ask);
  }

  /** What an asker waits for. */
  of(asker: number): readonly Ask[] {
    return this.#lines.get(asker)?.asks ?? [];
  }

  /** Takes out an ask that is no longer wanted. */
  remove(asker: number, is: (ask: Ask) => boolean): void {
    const asks = this.#lines.get(asker)?.asks;
    const at = asks?.findIndex(is) ?? -1;
    if (at < 0) return;
    asks?.splice(at, 1);
    this.#size--;
  }

  /** Forgets an asker and everything it waits for. */
  leave(asker: number): void {
    this.#size -= this.#lines.get(asker)?.asks.length ?? 0;
    this.#lines.delete(asker);
  }
}
