import { STOP_CODES } from '../core/exit-codes.ts';
import type { RunHandle } from '../core/handle.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Stop = (typeof SIGNALS)[number];
/** Under `npm run`, Ctrl-C arrives twice: from the terminal and from npm. The second must not count as "end at once". */
const ECHO_MS = 100;
/** The third that asks for an end gets it, whatever the run is waiting for. */
const LAST = 3;

/** What a test brings of its own: a clock in milliseconds, and how this process stops itself and ends itself. */
export interface Outside {
  readonly clock: () => number;
  readonly halt: () => void;
  readonly leave: (signal: Stop) => void;
}

const OUTSIDE: Outside = {
  clock: () => performance.now(),
  // Cannot be caught: this line is over when somebody has sent SIGCONT.
  halt: () => void process.kill(process.pid, 'SIGSTOP'),
  // The guard ends whatever is left.
  leave: (signal) => process.exit(STOP_CODES[signal]),
};

/**
 * Lets signals stop a run (once: drain; twice: at once; three times: this process goes, and its guard cleans up), SIGUSR1 ask for its status,
 * and Ctrl-Z suspend it until `fg`. Returns what undoes this.
 */
export function wireSignals(
  handle: Pick<RunHandle, 'stop' | 'suspend' | 'wake'>,
  onStatus: () => void,
  { clock, halt, leave }: Outside = OUTSIDE,
): () => void {
  const lastAt = new Map<Stop, number>();
  let asked = 0;
  const stop = (signal: Stop): void => {
    const now = clock();
    const echo = now - (lastAt.get(signal) ?? -Infinity) < ECHO_MS;
    lastAt.set(signal, now);
    if (echo) return;
    if (signal !== 'SIGHUP' && ++asked >= LAST) leave(signal);
    else handle.stop(signal);
  };
  const suspend = (): void => {
    handle.suspend();
    try {
      halt();
    } finally {
      handle.wake();
    }
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  process.on('SIGUSR1', onStatus);
  process.on('SIGTSTP', suspend);
  return () => {
    for (const signal of SIGNALS) process.off(signal, stop);
    process.off('SIGUSR1', onStatus);
    process.off('SIGTSTP', suspend);
  };
}
