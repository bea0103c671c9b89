/** An API's answer that is not ok, or the failure of the same call elsewhere in the run. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly status: number | undefined;
  readonly headers: Headers | undefined;
  /** The API's own word for it, where it was known: `insufficient_quota`. */
  readonly code: string | undefined;

  constructor(
    message: string,
    { status, headers, code, cause }: { status?: number; headers?: Headers; code?: string; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.headers = headers;
    this.code = code;
  }
}

/** Thrown by a call's function: the server answered, but not what was asked for. Asked again, it may do better. */
export class BadAnswerError extends Error {
  override readonly name = 'BadAnswerError';
}

/** The child was asked to end while the item waited for a permit: the item is left as it is, for a resume. */
export class LeavingError extends Error {
  override readonly name = 'LeavingError';
}

/** The run may make no more calls (`--max-calls` and the like): the item is left as it is, for a resume. */
export class BudgetSpentError extends Error {
  override readonly name = 'BudgetSpentError';
}
