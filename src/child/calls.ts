// Loaded by the first call of a child; whatever is imported here costs only those who make calls.
import { CallError } from '../core/call-error.ts';
import { isUsedUp, readFailure } from '../core/call-failure.ts';
import { addCalls, type CallStats, compactCalls, noCalls } from '../core/call-stats.ts';
import type { CallContext, CallOptions, Spent } from '../core/calling.ts';
import type { CallAnswer, Landing, SentEntry } from '../ipc/call-messages.ts';
import { type CacheEntry, packValue, unpackValue } from '../store/cache-entry.ts';
import { CacheAccess } from './cache-access.ts';
import type { Caller, ServicesOptions } from './caller.ts';
import { CallTries } from './call-tries.ts';
import { beforeAbort } from './call-try.ts';
import { durationOf } from './durations.ts';

/** Tells those who wait for a call that the account is empty. */
const USED_UP = 'insufficient_quota';
/** Larger answers are not sent about: where there is no cache, whoever waits for one asks the API. */
const LARGEST_SENT = 1 << 20;

/** Milliseconds between two looks into the cache of whoever waits for a call: doubled each time. */
const FIRST_LOOK = 20;
const LONGEST_LOOK = 500;

/** The answer was in the cache before anybody said so. */
interface Found {
  readonly what: 'found';
  readonly entry: CacheEntry;
}

/** `ctx.call` in one process: from the cache, else together with the same call elsewhere, else made here. */
export class Calls {
  readonly #options: ServicesOptions;
  readonly cache: CacheAccess;
  #stats = noCalls();

  constructor(options: ServicesOptions) {
    const { settings, names, port } = options;
    this.#options = options;
    this.cache = new CacheAccess({
      spec: settings.cache,
      ttl: settings.ttl,
      names,
      warn: (message) => port.tell({ what: 'warn', message }),
    });
  }

  async call<T>(item: Caller, options: CallOptions<T>, make: (context: CallContext) => T | Promise<T>): Promise<T> {
    const { port, settings } = this.#options;
    // Options that make no sense are refused before anything is sent, and not made up for.
    if (options.ttl !== undefined) durationOf(options.ttl, 'ttl');
    const tries = new CallTries(options, make, { item, stats: () => this.#stats, port, isLimited: settings.isLimited });
    try {
      const value = options.key === undefined ? await tries.run() : await this.#once(item, options, tries);
      // Of the type that the worker says: what it made itself, or what an earlier call of it made.
      return value as T;
    } catch (error) {
      const { fallback } = options;
      // A budget that does not exist, or an account that is empty: that is to be mended, not to be made up for.
      const isUnrecoverable = (error instanceof Error && error.name === 'UnrecoverableError') || isUsedUp(error);
      if (!fallback || isUnrecoverable || item.withdrawn || item.signal.aborted) throw error;
      this.#stats.fallbacks++;
      return fallBack(fallback, error instanceof Error ? error : new Error(String(error)));
    }
  }

  spend(spent: Spent): void {
    addCalls(this.#stats, { tokens: spent.tokens ?? 0, cost: spent.cost ?? 0 });
    if (this.#options.settings.isLimited) this.#options.port.tell({ what: 'spend', ...spent });
  }

  /** What was counted since the last time. */
  takeStats(): Partial<CallStats> | undefined {
    const stats = compactCalls(this.#stats);
    if (stats) this.#stats = noCalls();
    return stats;
  }

  async close(): Promise<void> {
    await this.cache.close();
  }

  /** A call with a key: of all who ask for it at the same time, one makes it. */
  async #once<T>(item: Caller, options: CallOptions<T>, tries: CallTries<T>): Promise<unknown> {
    const hash = this.cache.hashOf(options.key, options);
    const found = await this.cache.find(hash);
    if (found) return this.#hit(found);
    for (;;) {
      const answer = await this.#join(item, hash);
      if (answer.what === 'own') return this.#own(item, hash, options, tries);
      const entry = answer.what === 'found' ? answer.entry : await this.#landed(hash, answer);
      if (entry) {
        this.#stats.joined++;
        return unpackValue(entry);
      }
    }
  }

  #hit(entry: CacheEntry): unknown {
    this.#stats.hits++;
    return unpackValue(entry);
  }

  async #landed(hash: string, answer: CallAnswer): Promise<CacheEntry | undefined> {
    if (answer.what !== 'landed') throw new Error(`the parent answered ${answer.what}`);
    const { landing } = answer;
    if (landing.how === 'failed') throw new CallError(landing.message, landing);
    return landing.how === 'sent' ? received(landing.entry) : this.cache.find(hash);
  }

  /** Asks whether the call is in flight; waits for it where it is, but not longer than the item may take. */
  async #join(item: Caller, hash: string): Promise<CallAnswer | Found> {
    const { port } = this.#options;
    const before = performance.now();
    const answer = port.ask({ what: 'join', hash });
    const look = this.#lookFor(hash);
    let heard: CallAnswer | Found | undefined;
    try {
      return (heard = await beforeAbort(Promise.race([answer, look.found]), item.signal));
    } finally {
      look.end();
      // Whoever does not wait any more must not keep others waiting.
      if (heard?.what === undefined || heard.what === 'found')
        void answer.then(({ what }) => what === 'own' && port.tell({ what: 'released', hash }));
      this.#stats.waitedMs += performance.now() - before;
    }
  }

  /** Looks into the cache now and then: whoever made the call may have kept its answer, and be too busy to say so. */
  #lookFor(hash: string): { readonly found: Promise<Found>; end(): void } {
    const { promise: found, resolve } = Promise.withResolvers<Found>();
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const look = async (pause: number): Promise<void> => {
      const entry = await this.cache.find(hash);
      if (entry) resolve({ what: 'found', entry });
      else if (!isOver) wait(Math.min(pause * 2, LONGEST_LOOK));
    };
    const wait = (pause: number): void => void (timer = setTimeout(() => void look(pause), pause));
    const end = (): void => {
      isOver = true;
      clearTimeout(timer);
    };
    wait(FIRST_LOOK);
    return { found, end };
  }

  async #own<T>(item: Caller, hash: string, options: CallOptions<T>, tries: CallTries<T>): Promise<unknown> {
    const { port } = this.#options;
    let landing: Landing | undefined;
    try {
      // It may have landed between the look and the question.
      const found = await this.cache.find(hash);
      if (found) {
        landing = { how: 'stored' };
        return this.#hit(found);
      }
      this.#stats.misses++;
      const entry = packValue(await tries.run());
      landing = (await this.cache.keep(hash, entry, options.ttl)) ? { how: 'stored' } : sent(entry);
      // What JSON makes of the value, as for everybody who finds it in the cache: rows must not depend on who asked first.
      return unpackValue(entry);
    } catch (error) {
      // An item whose time is over says nothing about the call.
      if (!item.withdrawn && !item.signal.aborted) landing = failed(error);
      throw error;
    } finally {
      port.tell(landing ? { what: 'landed', hash, landing } : { what: 'released', hash });
    }
  }
}

async function fallBack<T>(fallback: (error: Error) => T | Promise<T>, error: Error): Promise<T> {
  try {
    return await fallback(error);
  } catch (second) {
    if (second === error) throw error;
    const message = second instanceof Error ? second.message : String(second);
    throw new Error(`${error.message}; and its fallback threw: ${message}`, { cause: second });
  }
}

function sent({ kind, bytes }: CacheEntry): Landing {
  if (bytes.length > LARGEST_SENT) return { how: 'gone' };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return { how: 'sent', entry: { kind, text: buffer.toString(kind === 'json' ? 'utf8' : 'base64') } };
}

const received = ({ kind, text }: SentEntry): CacheEntry => ({ kind, bytes: Buffer.from(text, kind === 'json' ? 'utf8' : 'base64') });

function failed(error: unknown): Landing {
  const { status, message } = readFailure(error, 0);
  return { how: 'failed', message, ...(status === undefined ? {} : { status }), ...(isUsedUp(error) ? { code: USED_UP } : {}) };
}
