import type { ControlAnswer, ControlRequest } from '../core/control.ts';
import { UserError } from '../core/errors.ts';
import type { RunEvent } from '../core/events.ts';
import { STOP_CODES } from '../core/exit-codes.ts';
import type { RunHandle } from '../core/handle.ts';
import type { Report, Snapshot } from '../core/report.ts';

export type StopWhy = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'ctl' | 'abort';

/** A run whose planning is over, as a handle works it. */
export interface Attached {
  snapshot(): Snapshot;
  stop(why: StopWhy): void;
  control(request: ControlRequest): ControlAnswer;
  suspend(): void;
  wake(): void;
}

/** What the work behind a handle uses to tell about itself. */
export interface Session {
  emit(event: RunEvent): void;
  planned(info: { readonly run: string; readonly folder: string; readonly logs: string }): void;
  /** From now on the run can be looked at, steered and stopped. */
  attach(run: Attached): void;
  /** Aborted by a stop before anything was attached. */
  readonly signal: AbortSignal;
}

/** Starts work and gives the handle to it. What `work` throws rejects `planned` and `report`. */
export function runHandle(work: (session: Session) => Promise<Report>, outside: { readonly signal?: AbortSignal }): RunHandle {
  const planned = Promise.withResolvers<{ readonly run: string; readonly folder: string; readonly logs: string }>();
  const early = new AbortController();
  let earlyWhy: StopWhy = 'abort';
  const feed = new Feed<RunEvent>();
  let attached: Attached | undefined;
  // Whoever only awaits the report must not be told of an unhandled rejection.
  planned.promise.catch(() => undefined);

  const stop = (why: StopWhy = 'abort'): void => {
    if (attached) attached.stop(why);
    else {
      earlyWhy = why;
      early.abort(stoppedEarly(why));
    }
  };
  const control = (request: ControlRequest): ControlAnswer => attached?.control(request) ?? notYet;
  const session: Session = {
    emit: (event) => feed.push(event),
    planned: (info) => planned.resolve(info),
    attach: (run) => {
      attached = run;
      if (early.signal.aborted) run.stop(earlyWhy);
    },
    signal: early.signal,
  };
  const onAbort = (): void => stop();
  if (outside.signal?.aborted) stop();
  outside.signal?.addEventListener('abort', onAbort);
  const report = Promise.resolve()
    .then(() => work(session))
    .catch((error: unknown) => {
      planned.reject(error);
      throw error;
    })
    .finally(() => {
      outside.signal?.removeEventListener('abort', onAbort);
      feed.end();
    });
  report.catch(() => undefined);
  return {
    planned: planned.promise,
    report,
    snapshot: () => attached?.snapshot() ?? nothingYet,
    stop,
    control,
    pause: () => void control({ verb: 'pause' }),
    continue: () => void control({ verb: 'continue' }),
    setProcesses: (processes) => void control({ verb: 'processes', processes }),
    suspend: () => attached?.suspend(),
    wake: () => attached?.wake(),
    [Symbol.asyncIterator]: () => feed.iterator(),
  };
}

/** What a run that is stopped while it is planned ends with. */
function stoppedEarly(why: StopWhy): UserError {
  const message = `stopped by ${why === 'abort' ? 'the program that started it' : why} before anything was started`;
  return new UserError(message, { exitCode: STOP_CODES[why], hint: 'give the same command again' });
}

const notYet: ControlAnswer = { ok: false, message: 'the run is still being planned', hint: 'ask again once it works' };

const nothingYet: Snapshot = {
  run: '',
  phase: 'planning',
  total: 0,
  done: 0,
  failed: 0,
  rows: 0,
  rate: null,
  etaSeconds: null,
  elapsedMs: 0,
  peakRssBytes: null,
  slots: [],
  calls: null,
};

/** Hands every value to every iterator that exists when it is pushed; nothing is kept for later ones. */
class Feed<T> {
  readonly #queues = new Set<{ readonly values: T[]; wake: (() => void) | undefined }>();
  #ended = false;

  push(value: T): void {
    for (const queue of this.#queues) {
      queue.values.push(value);
      queue.wake?.();
    }
  }

  end(): void {
    this.#ended = true;
    for (const queue of this.#queues) queue.wake?.();
  }

  iterator(): AsyncIterator<T> {
    const queue: { values: T[]; wake: (() => void) | undefined } = { values: [], wake: undefined };
    this.#queues.add(queue);
    const close = (): IteratorResult<T> => {
      this.#queues.delete(queue);
      return { done: true, value: undefined };
    };
    let at = 0;
    return {
      next: async () => {
        for (;;) {
          const value = queue.values[at];
          if (value !== undefined) {
            at++;
            if (at === queue.values.length || at > 1024) {
              queue.values.splice(0, at);
              at = 0;
            }
            return { done: false, value };
          }
          if (this.#ended) return close();
          await new Promise<void>((resolve) => (queue.wake = resolve));
          queue.wake = undefined;
        }
      },
      return: async () => close(),
    };
  }
}
