import type { ItemFailure } from '../core/events.ts';
import type { FrozenItem } from '../input/item-reader.ts';
import type { ToParent, WorkMessage } from '../ipc/messages.ts';
import type { PartWriter } from '../store/part-writer.ts';
import type { StoppedTime } from './stopped-time.ts';
import { pauses, Thrown } from './thrown.ts';

export interface RetriesOptions {
  readonly work: WorkMessage;
  readonly writer: PartWriter;
  readonly stopped: StoppedTime;
  readonly send: (message: ToParent) => void;
  /** One more try, as soon as there is a place for it; gives what it threw, if it did. */
  readonly attempt: (entry: FrozenItem) => Promise<Thrown | undefined>;
  /** Whether the attempt is over for a reason that is no item's fault. */
  readonly isBroken: () => boolean;
  readonly breakOff: (error: unknown) => void;
}

/** What becomes of items that threw: they are tried again beside the others, after pauses, until no try is left. */
export class Retries {
  readonly #options: RetriesOptions;
  readonly failed: ItemFailure[] = [];
  readonly #tries: Map<number, number>;
  readonly #later = new Set<Promise<void>>();
  readonly #abandon = new AbortController();

  constructor(options: RetriesOptions) {
    this.#options = options;
    this.#tries = new Map(options.work.tries);
  }

  /** The try of an item that is about to begin, from 1. */
  next(index: number): number {
    return this.#tries.size === 0 ? 1 : (this.#tries.get(index) ?? 0) + 1;
  }

  /** A try of an item has failed. */
  count(index: number, tries: number): void {
    this.#tries.set(index, tries);
  }

  /** Tries an item again, after a pause; it has been tried here once. */
  add(entry: FrozenItem, first: Thrown): void {
    const later: Promise<void> = this.#again(entry, first).finally(() => this.#later.delete(later));
    this.#later.add(later);
  }

  /** Settles when every item has succeeded, failed for good, or been given up. */
  async ended(): Promise<void> {
    await Promise.all(this.#later);
  }

  /** Items that wait for another try stay undone. */
  stop(): void {
    this.#abandon.abort();
  }

  async #again(entry: FrozenItem, first: Thrown): Promise<void> {
    const { work, send, writer, stopped, isBroken } = this.#options;
    const { index, key } = entry;
    const { signal } = this.#abandon;
    let pause = { since: 0, ms: 0 };
    // Imported on the first throw only: most children never need it.
    const { default: pRetry } = await import('p-retry');
    const attempt = async (n: number): Promise<void> => {
      if (n === 1) throw first;
      await stopped.rest(pause.since, pause.ms, signal);
      const thrown = await this.#options.attempt(entry);
      if (thrown) throw thrown;
    };
    try {
      await pRetry(attempt, {
        ...pauses(this.next(index) - 2, work.retries),
        signal,
        shouldRetry: ({ error }) => error instanceof Thrown && !error.isFinal && !isBroken(),
        onFailedAttempt: ({ error, retriesLeft, retryDelay }) => {
          pause = { since: performance.now(), ms: retryDelay };
          if (retriesLeft === 0 || (error instanceof Thrown && error.isFinal)) return;
          writer.note(index, key, 'tried');
          send({ type: 'tried', index, key, tries: this.next(index) - 1, message: error.message });
        },
      });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Thrown)) return this.#options.breakOff(error);
      const { cause, message } = error;
      const tries = this.next(index) - 1;
      writer.note(index, key, 'failed', `,"tries":${tries},"cause":"${cause}","message":${JSON.stringify(message)}`);
      this.failed.push({ index, key, cause, message, tries });
    }
  }
}
