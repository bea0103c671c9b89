import { retryAfter, type HeaderOf } from './rate-headers.ts';

/**
 * What a call's failure means. `limited`: the server wants to be left alone (429), which costs no try; `passing`: worth another try;
 * `final`: the same call would fail again.
 */
export interface CallFailure {
  readonly kind: 'limited' | 'passing' | 'final';
  /** The status as it is counted: `429`, `timeout`, `network`, `bad-answer`; `error` for anything that is no answer of a server. */
  readonly label: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly message: string;
}

const PASSING = new Set([408, 409, 425]);
const NETWORK = new Set(
  'ECONNRESET ECONNREFUSED ECONNABORTED EPIPE ENOTFOUND EAI_AGAIN ENETDOWN ENETUNREACH EHOSTDOWN EHOSTUNREACH ETIMEDOUT EPROTO UND_ERR_SOCKET'.split(
    ' ',
  ),
);
const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
/** What is used up for longer than anybody waits: credit, or the day's share. */
const QUOTA = /insufficient_quota|"quotaId"\s*:\s*"[^"]*PerDay/;

/**
 * Reads what a call threw: an answer of `fetch`, an error of the official SDKs of OpenAI (`status`, `headers`) and Gemini (`status`, the
 * answer's JSON as message), of axios or got (`response`), or of the network; a `BadAnswerError`, or what `JSON.parse` says of half an answer.
 * `now`: ms since 1970.
 */
export function readFailure(error: unknown, now: number): CallFailure {
  const message = textOf(error);
  const answer = answerIn(error);
  const status = statusOf(answer);
  if (status !== undefined) {
    const wait = retryAfter(headersOf(answer), textOf(answer), now);
    const known = { status, label: String(status), message, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
    // Whoever wraps an answer like this has decided already.
    if (field(error, 'name') === 'UnrecoverableError') return { kind: 'final', ...known };
    if (status === 429) return { kind: isUsedUp(error) ? 'final' : 'limited', ...known };
    return { kind: status >= 500 || PASSING.has(status) ? 'passing' : 'final', ...known };
  }
  const label = faultOf(error);
  return { kind: label === 'error' ? 'final' : 'passing', label, message };
}

/** Whether the account has no more credit, or has used up its day: everything that it would be asked for would fail. */
export function isUsedUp(error: unknown): boolean {
  const answer = answerIn(error);
  return statusOf(answer) === 429 && QUOTA.test(`${String(field(answer, 'code'))} ${textOf(answer)}`);
}

/** Whichever of an error and its causes has an API's status; the error itself where none does, or where it says what is wrong with an answer. */
function answerIn(error: unknown): unknown {
  const isBadAnswer = field(error, 'name') === 'BadAnswerError';
  return (isBadAnswer ? undefined : causesOf(error).find((one) => statusOf(one) !== undefined)) ?? error;
}

/** An error, what it names as its cause, and so on. */
function causesOf(error: unknown): unknown[] {
  const all: unknown[] = [];
  for (let at = error; at !== undefined && at !== null && all.length < 5; at = field(at, 'cause')) all.push(at);
  return all;
}

/** Looks through an error and what it names as its cause. */
function faultOf(error: unknown): string {
  for (const at of causesOf(error)) {
    const code = String(field(at, 'code'));
    const name = `${String(field(at, 'name'))} ${String(field(field(at, 'constructor'), 'name'))}`;
    if (TIMEOUTS.has(code) || /Timeout/.test(name)) return 'timeout';
    if (NETWORK.has(code) || /\bAPIConnectionError\b/.test(name)) return 'network';
    if (at instanceof SyntaxError || String(field(at, 'name')) === 'BadAnswerError') return 'bad-answer';
    if (/^(fetch failed|terminated|other side closed|socket hang up)$/.test(String(field(at, 'message')))) return 'network';
  }
  return 'error';
}

function statusOf(error: unknown): number | undefined {
  const response = field(error, 'response');
  const found = [
    field(error, 'status'),
    field(error, 'statusCode'),
    field(response, 'status'),
    field(response, 'statusCode'),
    field(error, 'code'),
  ];
  return found.find((value): value is number => typeof value === 'number' && value >= 400 && value < 600);
}

/** The headers of an answer, where the error has them: as `Headers`, or as an object with names in lower case. */
function headersOf(error: unknown): HeaderOf {
  const headers = field(error, 'headers') ?? field(field(error, 'response'), 'headers');
  const get = field(headers, 'get');
  return (name) => {
    const value: unknown = typeof get === 'function' ? get.call(headers, name) : field(headers, name);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
}

function textOf(error: unknown): string {
  const message = field(error, 'message');
  if (typeof message === 'string' && message !== '') return message;
  const status = field(error, 'status');
  return typeof status === 'number' ? `${status} ${String(field(error, 'statusText') ?? '')}`.trim() : String(error);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
