/** Why one process of a command gave no rows. */
export class CommandFailure extends Error {
  override readonly cause: 'exit' | 'signal' | 'error' | 'bad-output';
  /** Trying again is pointless: `same`, as the output would be the same; `all`, as no item can do better. */
  readonly pointless: 'no' | 'same' | 'all';

  constructor(cause: CommandFailure['cause'], message: string, pointless: CommandFailure['pointless'] = 'no') {
    super(message.length > 2000 ? `${message.slice(0, 2000)}…` : message);
    this.cause = cause;
    this.pointless = pointless;
  }
}
