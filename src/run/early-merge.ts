import { createHash, type Hash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Segment } from '../core/coverage.ts';
import { type Piece, piecesOf } from '../core/pieces.ts';
import type { RunState } from '../core/state.ts';
import type { EarlyJob, EarlyOutput, FromThread, ToThread } from './early-job.ts';

/** So many bytes must be ready before a thread is started for them (below, the merge at the end is not felt), and before it is given more. */
const WORTH = { start: 32 << 20, step: 4 << 20 };
/** Pieces to a message: each is an object, and a run may have a million. */
const MOST = 1000;

/** Megabytes: the parent has promised to stay small. (A limit of the old objects could end the whole process.) */
const LIMITS = { maxYoungGenerationSizeMb: 8 };

type State = Pick<RunState, 'coverage' | 'commits' | 'owed' | 'plan' | 'shardOf'>;

/**
 * The merge of a run that is going on. What is ready at the front (nothing before it is owed) is written by a thread under the output's
 * temporary name, so that the end of the run has only the rest to write. It counts only if, at the end, exactly what it has written is
 * what is wanted first; after a commit that replaced any of it, a failure of any kind, or a death of the parent, the merge starts anew.
 *
 * ```
 * waiting ──enough is ready──▶ merging ──finish──▶ finished
 *                                 └── failed, or other rows are wanted ──▶ given up
 * ```
 */
export class EarlyMerge {
  readonly #state: State;
  readonly #open: () => EarlyJob | undefined;
  readonly #worth: typeof WORTH;
  #thread: Worker | undefined;
  #job: EarlyJob | undefined;
  #hasGivenUp = false;
  #dropped: Promise<void> | undefined;
  /** What the thread was told last and has not answered yet. */
  #asked: PromiseWithResolvers<FromThread> | undefined;
  /** Positions before this one have been handed over, and the fingerprint of what had them. */
  #next = 0;
  #print = createHash('sha256');
  /** How far it has been looked for what is ready, and the bytes between there and `#next`. */
  #looked = 0;
  #ready = 0;

  /** `open`: what to write; called once, when it is worth while. `undefined`: nothing is known early of this output. */
  constructor(state: State, open: () => EarlyJob | undefined, worth = WORTH) {
    this.#state = state;
    this.#open = open;
    this.#worth = worth;
  }

  /** Hands over what is ready by now, if it is enough and the thread has written what it got before. Cheap; called now and then. */
  look(): void {
    if (this.#hasGivenUp || this.#asked) return;
    const front = this.#front();
    for (const { start, end, commit } of this.#state.coverage.within(this.#looked, front)) {
      const { bytes, items } = this.#state.commits.get(commit);
      this.#ready += items === 0 ? 0 : (bytes * (end - start)) / items;
      this.#looked = end;
    }
    if (this.#ready < (this.#thread ? this.#worth.step : this.#worth.start)) return;
    if (!this.#thread && !this.#started()) return;
    void this.#hand(front).catch(() => this.drop());
  }

  /** The whole output under its temporary name, closed and synced; `undefined` where it has to be written anew. */
  async finish(signal: AbortSignal): Promise<EarlyOutput | undefined> {
    const stop = (): void => void this.drop();
    signal.addEventListener('abort', stop);
    try {
      await this.#asked?.promise;
      if (this.#thread && this.#isCurrent()) {
        while (await this.#hand(Infinity));
        const answer = await this.#ask({ type: 'finish' });
        if (answer.type === 'finished') {
          await this.#detached()?.terminate();
          return answer.output;
        }
      }
    } catch {
      // Whatever it was, the merge that now starts anew meets it again, or not.
    } finally {
      signal.removeEventListener('abort', stop);
    }
    await this.drop();
    return undefined;
  }

  /** What was opened, as long as it counts. */
  get job(): EarlyJob | undefined {
    return this.#hasGivenUp ? undefined : this.#job;
  }

  /** Ends the thread and deletes what it has written. Whoever asks again waits for the same end: the name is free only then. */
  drop(): Promise<void> {
    return (this.#dropped ??= this.#drop());
  }

  async #drop(): Promise<void> {
    this.#hasGivenUp = true;
    const thread = this.#detached();
    if (thread) {
      await thread.terminate();
      try {
        if (this.#job) rmSync(this.#job.file, { force: true });
      } catch {
        // The next writer of that name overwrites what is left, or says why it cannot.
      }
    }
    this.#answered({ type: 'failed', message: 'given up' });
  }

  /** Before this position nothing is owed, so that what is there stays. */
  #front(): number {
    return this.#state.owed.first ?? this.#state.plan?.count ?? 0;
  }

  /** What cannot be begun now is not tried again before the end, where it has to be told. */
  #started(): boolean {
    try {
      this.#job = this.#open();
      if (this.#job) this.#start(this.#job);
    } catch {
      // A disk that is full, or no file that may be opened.
    }
    this.#hasGivenUp = !this.#thread;
    return !this.#hasGivenUp;
  }

  #start(job: EarlyJob): void {
    mkdirSync(dirname(job.file), { recursive: true });
    // The build does not rewrite URLs: beside this file lies the thread's, with the same ending (.ts in src, .js in dist).
    const url = new URL(`./early-thread${extname(import.meta.filename)}`, import.meta.url);
    const thread = new Worker(url, { workerData: job, execArgv: [], resourceLimits: LIMITS });
    thread.on('message', (message: FromThread) => this.#answered(message));
    // It has died in the middle of something, of too little memory perhaps.
    for (const end of ['error', 'exit'] as const) thread.on(end, () => void this.drop());
    // It keeps no process alive: whoever waits for it says so.
    thread.unref();
    this.#thread = thread;
  }

  /** Hands over what is ready before `end`; false where there is nothing. */
  async #hand(end: number): Promise<boolean> {
    const pieces: Piece[] = [];
    for (const piece of piecesOf(this.#state, this.#next)) {
      // Half of what a part has would be read item by item, and the other half later again.
      if (piece.end > end || pieces.length === MOST) break;
      pieces.push(piece);
    }
    const last = pieces.at(-1);
    if (!last) return false;
    for (const piece of pieces) printOf(this.#print, piece);
    this.#next = last.end;
    this.#ready = 0;
    this.#looked = this.#next;
    const answer = await this.#ask({ type: 'pieces', pieces });
    if (answer.type === 'failed') throw new Error(answer.message);
    return true;
  }

  async #ask(message: ToThread): Promise<FromThread> {
    const asked = (this.#asked = Promise.withResolvers<FromThread>());
    this.#thread?.ref();
    this.#thread?.postMessage(message);
    const answer = await asked.promise;
    this.#thread?.unref();
    return answer;
  }

  #answered(answer: FromThread): void {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.resolve(answer);
  }

  /** The thread, if there is one, which nobody listens to any more. */
  #detached(): Worker | undefined {
    const thread = this.#thread;
    this.#thread = undefined;
    thread?.removeAllListeners();
    // What it fails with while it is ended.
    thread?.on('error', () => undefined);
    return thread;
  }

  /** Whether what was written is what has these positions now. */
  #isCurrent(): boolean {
    const print = createHash('sha256');
    for (const segment of this.#state.coverage.within(0, this.#next)) printOf(print, segment);
    return print.digest('hex') === this.#print.copy().digest('hex');
  }
}

function printOf(hash: Hash, { start, end, commit, from, step }: Segment): void {
  hash.update(new Float64Array([start, end, commit, from, step]));
}
