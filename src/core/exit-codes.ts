import type { StopReason } from './events.ts';

/** What the exit code of a command says. Part of the interface: a script may depend on it. */
export const EXIT = {
  /** All done; failures, if any, within tolerance. */
  done: 0,
  /** The run ended with failed items or shards. */
  failed: 1,
  /** The user's input is wrong (flag, file, worker module, parameter); nothing was started. */
  usage: 2,
  /** Stopped early, resumable: halt, deadline, budget. */
  stopped: 3,
  /** Merge refused: the parts do not verify, or the rows are not as asked. Or `run --verify` has found a difference. */
  merge: 4,
  /** A bug in Shardyard. */
  bug: 70,
  /** Interrupted, resumable. */
  sigint: 130,
  sigterm: 143,
} as const;

/** What a run ends with that was stopped. */
export const STOP_CODES: Readonly<Record<StopReason, number>> = {
  SIGINT: EXIT.sigint,
  SIGTERM: EXIT.sigterm,
  SIGHUP: EXIT.stopped,
  abort: EXIT.stopped,
  halt: EXIT.stopped,
  deadline: EXIT.stopped,
  ctl: EXIT.stopped,
  budget: EXIT.stopped,
  setup: EXIT.failed,
  disk: EXIT.failed,
  merge: EXIT.merge,
};
