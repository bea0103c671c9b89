import { CallError } from '../core/call-error.ts';
import { type CallFailure, readFailure } from '../core/call-failure.ts';
import type { CallContext, Spent } from '../core/calling.ts';
import { isHeaders, isResponse } from './web-types.ts';

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
  let late: CallError | undefined;
  const timer = setTimeout(() => over.abort((late = new CallError(`no answer within ${timeout} ms`))), timeout);
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
      return response.ok ? response : Promise.reject(await asCallError(response, over.signal));
    },
  };
  const before = performance.now();
  try {
    const value = await beforeAbort(Promise.resolve(make(context)), over.signal);
    if (isResponse(value) && !value.ok) throw value;
    return { ok: true, value, spent, headers, ms: performance.now() - before };
  } catch (thrown) {
    // With its status there is an answer, however long its body takes.
    const hasAnswer = isResponse(thrown);
    const error = hasAnswer ? await asCallError(thrown, over.signal) : thrown;
    const ms = performance.now() - before;
    if (error instanceof Error && 'headers' in error && isHeaders(error.headers)) headers = error.headers;
    // The item's time may have been over before.
    const timedOut = !hasAnswer && late && over.signal.reason === late ? late : undefined;
    const failure: CallFailure = timedOut
      ? { kind: 'passing', label: 'timeout', message: timedOut.message }
      : readFailure(error, Date.now());
    return { ok: false, error: timedOut ?? error, failure, spent, headers, ms };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** An answer that is not ok, as an error with its status, its headers and the beginning of its body. */
async function asCallError(response: Response, signal: AbortSignal): Promise<CallError> {
  const { status, statusText, headers } = response;
  const body = await beginningOf(response, signal);
  const message = [status, statusText].filter(Boolean).join(' ');
  return new CallError(body === '' ? message : `${message}: ${body}`, { status, headers });
}

/** So much of a body as goes into a message, or as has come when the signal is aborted; nothing where somebody else has read it. */
async function beginningOf(response: Response, signal: AbortSignal): Promise<string> {
  if (!response.body || response.bodyUsed || response.body.locked) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    while (text.length < LONGEST_BODY) {
      const { done, value } = await beforeAbort(reader.read(), signal);
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // What has come will do.
  }
  // Else the connection would stay open for the rest.
  reader.cancel().catch(() => undefined);
  return text.slice(0, LONGEST_BODY);
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
