import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DayCount } from '../core/budget.ts';
import { type BudgetSpec, DAY } from '../core/budget-spec.ts';
import { UserError } from '../core/errors.ts';
import type { Cost } from '../core/pace.ts';
import { monotonic } from '../ipc/monotonic.ts';
import { isBusy, isDamage } from '../store/cache-file.ts';

const VERSION = 1;
const MINUTE = 60_000;
const MINUTES = DAY / MINUTE;
/** Another run has the file: look again after so many milliseconds. */
const BUSY = 50;
/** How long (ms) the file may be somebody else's before and after the run; in between, calls wait for it. */
const PATIENCE = 10_000;
/** Of a large budget, several calls are taken at a time; at most so many are lost when the parent dies. */
const MOST_AHEAD = 64;

/** What was used of daily budgets, by the minute, in a file that all runs of a data folder share. Counted before a call leaves, so that no death exceeds it. */
export class DayStore {
  readonly #db: DatabaseSync;
  readonly #warn: (message: string) => void;
  readonly #counts: FileCount[] = [];

  private constructor(db: DatabaseSync, warn: (message: string) => void) {
    this.#db = db;
    this.#warn = warn;
  }

  /** Rejects with a `UserError` where the folder cannot be used; a damaged file is set aside, which `warn` hears of. */
  static async open(folder: string, warn: (message: string) => void): Promise<DayStore> {
    const file = join(folder, 'budget.sqlite');
    try {
      mkdirSync(folder, { recursive: true });
      return new DayStore(await whileBusy(() => open(file, warn)), warn);
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`what was used of the daily budgets cannot be kept: ${error instanceof Error ? error.message : String(error)}`, {
        place: { file },
        hint: 'mend the permissions of the folder, or choose another --cache or --data-dir',
      });
    }
  }

  /** The count of a budget. */
  count(name: string, spec: BudgetSpec): DayCount {
    const count = new FileCount(this.#db, name, spec);
    this.#counts.push(count);
    return count;
  }

  /** Gives back what was counted ahead and not used. Where that fails, it stays counted for a day, which `warn` hears of. */
  async giveBack(): Promise<void> {
    try {
      for (const count of this.#counts) await whileBusy(() => count.giveBackRest());
    } catch (error) {
      this.#counts.splice(0);
      this.#warn(
        `a few calls count against the daily budgets that were not made: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  async close(): Promise<void> {
    await this.giveBack();
    this.#db.close();
  }
}

/** Does something again for as long as another run has the file, but not for ever. */
async function whileBusy<T>(work: () => T): Promise<T> {
  for (const until = monotonic() + PATIENCE; ;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || monotonic() > until) throw error;
      await sleep(1 + Math.random() * 20);
    }
  }
}

function open(file: string, warn: (message: string) => void): DatabaseSync {
  try {
    return prepared(file);
  } catch (error) {
    if (error instanceof UserError || !isDamage(error)) throw error;
    const aside = `${file}.damaged-${Date.now()}`;
    renameSync(file, aside);
    warn(`${file} was damaged and is set aside as ${aside}: what was used of daily budgets before is not known any more`);
    return prepared(file);
  }
}

function prepared(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY });
  try {
    db.exec('pragma journal_mode = wal; pragma synchronous = full');
    const version = Number(db.prepare('pragma user_version').get()?.['user_version']);
    if (version > VERSION)
      throw new UserError('is from a newer version of Shardyard', { place: { file }, hint: 'use that version, or another --data-dir' });
    db.exec(`create table if not exists spent (
      budget text, minute integer, requests integer not null, tokens integer not null, primary key (budget, minute)
    ) without rowid`);
    // Writing waits for others that write; looking does not.
    if (version !== VERSION) db.exec(`pragma user_version = ${VERSION}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

class FileCount implements DayCount {
  readonly #db: DatabaseSync;
  readonly #name: string;
  readonly #most: Cost;
  readonly #ahead: number;
  /** Whether what was written while the clock was ahead is dealt with. */
  #isInTime = false;
  /** Counted in the file, and not used yet. */
  #credit = { requests: 0, tokens: 0 };
  #used: Cost & { readonly at: number } = { requests: 0, tokens: 0, at: -Infinity };
  /** The time of day when it began, taken on by the monotonic clock: a jump of the clock in the middle of a run changes nothing. */
  readonly #base = Date.now() - monotonic();

  constructor(db: DatabaseSync, name: string, { limits }: BudgetSpec) {
    this.#db = db;
    this.#name = name;
    const most = (unit: string): number =>
      Math.min(...limits.filter((limit) => limit.unit === unit && limit.windowMs >= DAY).map(({ max }) => max));
    this.#most = { requests: most('request'), tokens: most('token') };
    this.#ahead = this.#most.tokens < Infinity ? 1 : Math.max(1, Math.min(MOST_AHEAD, Math.floor(this.#most.requests / 500)));
  }

  used(): Cost {
    if (monotonic() - this.#used.at > 1000) this.#used = { ...(this.#look() ?? this.#used), at: monotonic() };
    const { requests, tokens } = this.#used;
    return { requests: requests - this.#credit.requests, tokens: tokens - this.#credit.tokens };
  }

  take(cost: Cost): number | undefined {
    if (this.#credit.requests < cost.requests || this.#credit.tokens < this.#tokens(cost)) {
      const wait = this.#lease(cost);
      if (wait !== undefined) return wait;
    }
    this.#credit.requests -= cost.requests;
    this.#credit.tokens -= this.#tokens(cost);
    return undefined;
  }

  giveBack(cost: Cost): void {
    this.#credit.requests += cost.requests;
    this.#credit.tokens += this.#tokens(cost);
  }

  giveBackRest(): void {
    const { requests, tokens } = this.#credit;
    if (requests === 0 && tokens === 0) return;
    this.#add(-requests, -tokens);
    this.#credit = { requests: 0, tokens: 0 };
  }

  /** What was written while the clock was ahead counts as of now, or it would count for longer than a day. */
  #bringBack(): void {
    const ahead = this.#db
      .prepare('delete from spent where budget = ? and minute > ? returning requests, tokens')
      .all(this.#name, this.#minute());
    for (const { requests, tokens } of ahead) this.#add(Number(requests), Number(tokens));
  }

  #tokens = (cost: Cost): number => (this.#most.tokens < Infinity ? cost.tokens : 0);

  #lease(cost: Cost): number | undefined {
    try {
      this.#db.exec('begin immediate');
    } catch {
      return BUSY;
    }
    try {
      if (!this.#isInTime) this.#bringBack();
      this.#isInTime = true;
      const sum = this.#sum();
      const tokens = Math.max(0, this.#tokens(cost) - this.#credit.tokens);
      const room = this.#most.requests - sum.requests;
      const requests = Math.min(Math.max(cost.requests, this.#ahead), room);
      if (requests < cost.requests - this.#credit.requests || tokens > this.#most.tokens - sum.tokens) return this.#untilRoom();
      this.#add(requests, tokens);
      this.#credit.requests += requests;
      this.#credit.tokens += tokens;
      this.#used = { requests: sum.requests + requests, tokens: sum.tokens + tokens, at: monotonic() };
      return undefined;
    } finally {
      this.#db.exec('commit');
    }
  }

  #add(requests: number, tokens: number): void {
    const insert =
      'insert into spent values (?, ?, ?, ?) on conflict do update set requests = requests + excluded.requests, tokens = tokens + excluded.tokens';
    this.#db.prepare(insert).run(this.#name, this.#minute(), requests, tokens);
  }

  /** What was used; nothing where the file is somebody else's. */
  #look(): Cost | undefined {
    try {
      return this.#sum();
    } catch (error) {
      if (isBusy(error)) return undefined;
      throw error;
    }
  }

  #sum(): Cost {
    const row = this.#db
      .prepare(
        'select coalesce(sum(requests), 0) as requests, coalesce(sum(tokens), 0) as tokens from spent where budget = ? and minute >= ?',
      )
      .get(this.#name, this.#minute() - MINUTES);
    return { requests: Number(row?.['requests'] ?? 0), tokens: Number(row?.['tokens'] ?? 0) };
  }

  /** Until the oldest minute leaves the day, in milliseconds. */
  #untilRoom(): number {
    const row = this.#db
      .prepare('select min(minute) as oldest from spent where budget = ? and minute >= ? and (requests > 0 or tokens > 0)')
      .get(this.#name, this.#minute() - MINUTES);
    const oldest = Number(row?.['oldest'] ?? this.#minute());
    return Math.max(BUSY, (oldest + MINUTES + 1) * MINUTE - (this.#base + monotonic()));
  }

  #minute = (): number => Math.floor((this.#base + monotonic()) / MINUTE);
}
