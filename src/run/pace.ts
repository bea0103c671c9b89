import { fitting } from '../core/deadline.ts';
import { ItemTimes } from '../core/times.ts';
import type { Live } from './live.ts';

/** How long items take, by what the children of this session have told: of attempts that are over, and of those under way. */
export class Pace {
  readonly #byShard = new Map<number, ItemTimes>();
  readonly #all = new ItemTimes();

  /** Takes in the times of an attempt that is over; from then on they are the shard's. */
  take(shard: number, live: Live, times: readonly number[]): void {
    live.times = [];
    const own = this.#byShard.get(shard) ?? new ItemTimes();
    this.#byShard.set(shard, own);
    own.addPacked(times);
    this.#all.addPacked(times);
  }

  /** Of a shard, with those of an attempt at it that is under way. */
  of(shard: number, { times }: Pick<Live, 'times'>): ItemTimes {
    const found = new ItemTimes();
    const own = this.#byShard.get(shard);
    if (own) found.addPacked(own.pack());
    found.addPacked(times);
    return found;
  }

  /** How many items one child can still finish, where there is a deadline. */
  fitting(
    deadline: number | undefined,
    now: number,
    concurrency: number,
    lives: Iterable<Pick<Live, 'times'>>,
  ): { readonly fitting?: number } {
    if (deadline === undefined) return {};
    const all = new ItemTimes();
    all.addPacked(this.#all.pack());
    for (const { times } of lives) all.addPacked(times);
    return { fitting: fitting(deadline - now, all, concurrency) };
  }
}
