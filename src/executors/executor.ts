import type { ToChild, ToParent } from '../ipc/messages.ts';

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set when it could not be started at all. */
  readonly error?: string;
}

/** A running child. */
export interface Child {
  /** 0 when it could not be started. */
  readonly pid: number;
  send(message: ToChild): void;
  /** Signals the child and everything that it started. */
  kill(signal: NodeJS.Signals): void;
  /** Settles once, when the child is gone; never rejects. */
  readonly ended: Promise<ChildEnd>;
}

/** Decides where children run, and nothing else. */
export interface Executor {
  /** Starts a child that prints to `log` until it is told another one. */
  start(onMessage: (message: ToParent) => void): Child;
  close(): void;
}
