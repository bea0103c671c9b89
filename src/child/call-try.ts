import { CallError } from '../core/call-error.ts';
import { type CallFailure, readFailure } from '../core/call-failure.ts';
import type { CallContext, Spent } from '../core/calling.ts';
import { isHeaders, isResponse } from './web-kinds.ts';

/** So much of an answer that is not ok goes into the error's message. */
const LONGEST_BODY = 2000;

/** What became of one request, and what it took. */
export type Sent<T> = { readonly spent: Spent; readonly headers: Headers | undefined; readonly ms: number } & (
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown; readonly failure: CallFailure }
);

export interface SendOptions {
  readonly attempt: number;
  /** The item's. */
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Runs a call's function once, with a time limit that holds whether it heeds its signal or not. Never rejects. */
export async function send<T>(make: (context: CallContext) => T | Promise<T>, { attempt, signal, timeout }: SendOptions): Promise<Sent<T>> {
  const over = new AbortController();
  const late = new CallError(`no answer within ${timeout} ms`);
  const timer = setTimeout(() => over.abort(late), timeout);
  const onAbort = (): void => over.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  let spent: Spent = {};
  let headers: Headers | undefined;
  const context: CallContext = {
    signal: over.signal,
    attempt,
    spend: (more) => (spent = { ...spent, ...more }),
    fetch: async (input, init) => {
      const response = await fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([over.signal, init.signal]) : over.signal });
      headers = response.headers;
      return response.ok ? response : Promise.reject(await asCallError(response));
    },
  };
  const before = performance.now();
  try {
    const value = await beforeAbort(Promise.resolve(make(context)), over.signal);
    if (isResponse(value) && !value.ok) throw value;
    return { ok: true, value, spent, headers, ms: performance.now() - before };
  } catch (thrown) {
    const ms = performance.now() - before;
    const error = isResponse(thrown) ? await asCallError(thrown) : thrown;
    if (error instanceof Error && 'headers' in error && isHeaders(error.headers)) headers = error.headers;
    const failure: CallFailure =
      over.signal.reason === late ? { kind: 'passing', label: 'timeout', message: late.message } : readFailure(error, Date.now());
    return { ok: false, error: over.signal.reason === late ? late : error, failure, spent, headers, ms };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** An answer that is not ok, as an error with its status, its headers and the beginning of its body. */
async function asCallError(response: Response): Promise<CallError> {
  const { status, statusText, headers } = response;
  const body = await response.text().catch(() => '');
  const message = [status, statusText].filter(Boolean).join(' ');
  return new CallError(body === '' ? message : `${message}: ${body.slice(0, LONGEST_BODY)}`, { status, headers });
}

/** Settles as the promise does, unless the signal is quicker. */
export async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
