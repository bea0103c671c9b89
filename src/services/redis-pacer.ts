import { randomBytes } from 'node:crypto';
import { HORIZON } from '../core/budget.ts';
import type { BudgetSpec } from '../core/budget-spec.ts';
import { type Cost, type Entry, LATE, type Next, type Pacer, type Room, roomsOf, spacingOf } from '../core/pace.ts';
import { monotonic } from '../ipc/monotonic.ts';
import { RedisNews } from './redis-news.ts';
import { LEASE_LATE } from './redis-scripts.ts';

/** A lease that took longer (ms) to come is given back: a call that used it might be later than Redis takes it to be. */
const SLOWEST = LEASE_LATE - LATE;
/** Milliseconds between two tries while Redis is away. */
const AWAY = 100;

/** What Redis is asked here; rejects when it cannot be reached. */
export interface Connection {
  take(keys: readonly string[], args: readonly string[]): Promise<readonly string[]>;
  tell(keys: readonly string[], args: readonly string[]): Promise<void>;
  pause(key: string, ms: number, channel: string): Promise<void>;
}

export interface RedisPacerOptions {
  readonly connection: Connection;
  readonly name: string;
  readonly spec: BudgetSpec;
  readonly share: number;
  /** Of this parent and budget, among all. */
  readonly id: string;
  /** Called when there are new leases, or may be. */
  readonly ready: () => void;
  readonly onFault: (error: unknown) => void;
}

interface Lease extends Cost {
  readonly member: string;
  /** On this machine's clock; on Redis' at `redisAt`. */
  readonly at: number;
  readonly redisAt: number;
}

/** Times for calls, leased from a budget in Redis a few at a time. */
export class RedisPacer implements Pacer {
  factor = 1;
  readonly #options: RedisPacerOptions;
  readonly #keys: readonly string[];
  readonly #rooms: readonly Room[];
  readonly #longest: number;
  #leases: Lease[] = [];
  readonly #byEntry = new WeakMap<Entry, Lease>();
  readonly #news: RedisNews;
  #wants: readonly Cost[] = [];
  #isAsking = false;
  #again: NodeJS.Timeout | undefined;
  #generation = '';
  #count = 0;
  /** Redis' time and skew when it last answered, and when that was asked. */
  #last: { readonly raw: string; readonly skew: string; readonly at: number } | undefined;
  /** Redis' clock minus ours, at the least and at the most. */
  #offset = { least: 0, most: 0 };
  #heldUntil = -Infinity;
  #paused: (until: number) => void = () => undefined;
  #isClosed = false;
  readonly channel: string;

  constructor(options: RedisPacerOptions) {
    this.#options = options;
    const { name, spec, share } = options;
    // In braces, so that a cluster keeps them together.
    const prefix = `shardyard:{budget:${name}}`;
    this.channel = `${prefix}:paused`;
    this.#keys = ['log', 'pending', 'state', 'tokens'].map((key) => `${prefix}:${key}`);
    this.#rooms = roomsOf(spec, share);
    this.#news = new RedisNews(
      async (args) => options.connection.tell(this.#keys, [String(spacingOf(spec.limits, 'request', share)), ...args]),
      options.onFault,
    );
    this.#longest = Math.max(1000, ...this.#rooms.map(({ ms }) => ms));
  }

  next(cost: Cost, now: number): Next {
    this.#dropLate(now);
    const [lease] = this.#leases;
    if (!lease) return { at: Infinity, firm: true };
    if (lease.requests === cost.requests && lease.tokens >= cost.tokens) return { at: Math.max(lease.at, now), firm: true };
    // Leased for somebody else, who is gone.
    this.#giveBack(this.#leases.splice(0));
    return { at: Infinity, firm: true };
  }

  take(cost: Cost, slot: number): Entry {
    const lease = this.#leases.shift();
    if (!lease) throw new Error('there is no lease');
    const entry: Entry = { slot, firedAt: undefined, ...cost, number: 0 };
    this.#byEntry.set(entry, lease);
    if (lease.tokens !== cost.tokens) this.#tellTokens(lease, cost.tokens - lease.tokens);
    return entry;
  }

  fired(entry: Entry, at: number): void {
    const lease = this.#byEntry.get(entry);
    if (!lease || entry.firedAt !== undefined) return;
    entry.firedAt = at;
    const left = at + this.#offset.most;
    for (let n = 1; n <= lease.requests; n++) this.#news.fired(`${lease.member}:${n}`, left, this.#longest);
  }

  untake(entry: Entry): void {
    const lease = this.#byEntry.get(entry);
    if (lease) this.#giveBack([lease]);
  }

  correct(entry: Entry, tokens: number): void {
    const lease = this.#byEntry.get(entry);
    if (lease) this.#tellTokens(lease, tokens - entry.tokens);
    entry.tokens = tokens;
  }

  hold(until: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, until);
    this.#giveBack(this.#leases.filter(({ at }) => at < until));
    this.#leases = this.#leases.filter(({ at }) => at >= until);
  }

  /** Leases times for these calls, unless they are there. */
  refill(costs: readonly Cost[]): void {
    this.#wants = costs;
    if (!this.#isAsking && this.#again === undefined && costs.length > this.#leases.length) void this.#ask();
  }

  pause(until: number): void {
    const { connection, onFault } = this.#options;
    connection.pause(this.#keys[2] ?? '', Math.max(0, until - monotonic()), this.channel).catch(onFault);
  }

  onPaused(listener: (until: number) => void): void {
    this.#paused = listener;
  }

  /** Another parent has paused everybody for so many milliseconds. */
  heard(ms: number): void {
    if (ms > 0) this.#paused(monotonic() + ms);
  }

  /** Looks whether Redis is there, and is the one that it was. */
  beat(): void {
    if (!this.#isAsking) void this.#ask();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#again);
    this.#giveBack(this.#leases.splice(0));
    await this.#news.flush();
  }

  async #ask(): Promise<void> {
    if (this.#isClosed) return;
    const { id, spec, share, connection, onFault, ready } = this.#options;
    clearTimeout(this.#again);
    this.#again = undefined;
    this.#isAsking = true;
    const costs = this.#wants.slice(this.#leases.length);
    const first = this.#count;
    this.#count += costs.length;
    let wait = 0;
    try {
      await this.#news.flush();
      const per = (unit: Room['unit']): string => String(spacingOf(spec.limits, unit, share) / this.factor);
      const fresh = randomBytes(6).toString('hex');
      const { raw = '', skew = '', at = 0 } = this.#last ?? {};
      const limits = this.#rooms.flatMap(({ unit, room, ms }) => [unit, room, ms]);
      const asked = monotonic();
      const args = [id, first, this.#generation, fresh, HORIZON, per('request'), per('token'), raw, skew, asked - at, this.#rooms.length];
      const answer = await connection.take(
        this.#keys,
        [...args, ...limits, ...costs.flatMap((cost) => [cost.requests, cost.tokens])].map(String),
      );
      wait = await this.#answered(answer, { costs, first, asked });
    } catch (error) {
      onFault(error);
      wait = AWAY;
    } finally {
      this.#isAsking = false;
    }
    if (this.#isClosed) return;
    // First, so that nobody asks again before it makes sense.
    if (wait > 0) {
      this.#again = setTimeout(() => {
        this.#again = undefined;
        this.refill(this.#wants);
      }, wait);
    }
    ready();
  }

  /** Takes in what Redis gave; milliseconds until it is worth asking again, 0: at any time. */
  async #answered(
    [generation = '', nowText, heldText, waitText, raw = '', skew = '', ...times]: readonly string[],
    { costs, first, asked }: { readonly costs: readonly Cost[]; readonly first: number; readonly asked: number },
  ): Promise<number> {
    const got = monotonic();
    const now = Number(nowText);
    this.#last = { raw, skew, at: asked };
    this.#offset = { least: now - got, most: now - asked };
    const forgotten = this.#generation !== '' && this.#generation !== generation;
    this.#generation = generation;
    if (forgotten) {
      // Redis was restarted and is empty: what this parent has used counts again.
      this.#leases = [];
      this.#news.recall(now - this.#longest);
      await this.#news.flush();
      return 1;
    }
    this.heard(Number(heldText) - now);
    const leases = times.map((time, at): Lease => {
      const redisAt = Number(time);
      return {
        ...(costs[at] ?? { requests: 1, tokens: 0 }),
        member: `${this.#options.id}:${first + at}`,
        at: redisAt - this.#offset.least,
        redisAt,
      };
    });
    const isSlow = got - asked > SLOWEST;
    const early = leases.filter(({ at }) => isSlow || at < this.#heldUntil);
    this.#giveBack(early);
    this.#leases.push(...leases.filter((lease) => !early.includes(lease)));
    const wait = Number(waitText);
    return wait < 0 ? 0 : Math.min(1000, Math.max(2, wait - HORIZON / 2));
  }

  #dropLate(now: number): void {
    let late = 0;
    while ((this.#leases[late]?.at ?? Infinity) < now - LATE) late++;
    if (late > 0) this.#giveBack(this.#leases.splice(0, late));
  }

  #giveBack(leases: readonly Lease[]): void {
    for (const lease of leases) {
      for (let n = 1; n <= lease.requests; n++) this.#news.add('back', `${lease.member}:${n}`, 0);
      this.#tellTokens(lease, -lease.tokens);
    }
  }

  #tellTokens({ redisAt }: Lease, tokens: number): void {
    if (tokens !== 0)
      for (const { unit, ms } of this.#rooms)
        if (unit === 'token') this.#news.add(`tokens:${ms}`, String(redisAt + LEASE_LATE), Math.ceil(tokens));
  }
}
