/** Milliseconds for which news may wait for more. */
const WAIT = 4;
/** Redis takes some thousand arguments at a time. */
const MOST = 3000;

/** What became of leases, told to Redis a few at a time, in order, and never lost while Redis is away. */
export class RedisNews {
  readonly #tell: (args: readonly string[]) => Promise<void>;
  readonly #onFault: (error: unknown) => void;
  #news: string[] = [];
  /** What this parent has used, for the case that Redis forgets it: members and when they left, on Redis' clock. */
  #used: (readonly [member: string, at: number])[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (args: readonly string[]) => Promise<void>, onFault: (error: unknown) => void) {
    this.#tell = tell;
    this.#onFault = onFault;
  }

  /** As in `TELL`. */
  add(what: string, member: string, value: number): void {
    this.#news.push(what, member, String(value));
    this.#timer ??= setTimeout(() => void this.flush().catch(this.#onFault), WAIT);
  }

  /** A call has left, on Redis' clock; it counts for so many milliseconds. */
  fired(member: string, at: number, counts: number): void {
    // What has left every window may be forgotten here as well.
    if (this.#used.length > 1024 && (this.#used[512]?.[1] ?? Infinity) < at - counts) this.#used.splice(0, 512);
    this.#used.push([member, at]);
    this.add('fired', member, at);
  }

  /** Says again what was used since then. */
  recall(since: number): void {
    this.#used = this.#used.filter(([, at]) => at > since);
    for (const [member, at] of this.#used) this.add('again', member, at);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#news.length > 0) {
      const some = this.#news.splice(0, MOST);
      try {
        await this.#tell(some);
      } catch (error) {
        this.#news.unshift(...some);
        throw error;
      }
    }
  }
}
