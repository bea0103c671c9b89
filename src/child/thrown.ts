/** What an item threw. Wrapped, because p-retry gives up at once on a TypeError, which here is as good a reason as any. */
export class Thrown extends Error {
  readonly error: unknown;
  override readonly cause: 'error' | 'item-timeout';

  constructor(error: unknown, timedOut: boolean) {
    const text = error instanceof Error ? error.message || error.name : String(error);
    super(text.length > 2000 ? `${text.slice(0, 2000)}…` : text);
    this.error = error;
    this.cause = timedOut ? 'item-timeout' : 'error';
  }

  /** By name as well as by class: the worker may have loaded another copy of this package. */
  get isFinal(): boolean {
    return this.error instanceof Error && this.error.name === 'UnrecoverableError';
  }

  /** The run's budget was spent, or its end came, while the item waited for a call: it is left for a resume. */
  get isWithdrawn(): boolean {
    return this.error instanceof Error && (this.error.name === 'BudgetSpentError' || this.error.name === 'LeavingError');
  }

  /** Raised by a write that the disk refused, which is no item's fault. */
  get isDiskFault(): boolean {
    const { error } = this;
    if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return false;
    return error.syscall === 'write' && ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].includes(String(error.code));
  }
}

/** p-retry's options for an item that has been tried before: 1 s before the second try, doubling, at most 30 s, with jitter. */
export const pauses = (
  before: number,
  retries: number,
): { retries: number; minTimeout: number; maxTimeout: number; factor: number; randomize: boolean } => ({
  retries: Math.max(0, retries - before),
  minTimeout: 1000 * 2 ** before,
  maxTimeout: 30_000,
  factor: 2,
  randomize: true,
});
