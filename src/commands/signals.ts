import type { RunHandle } from '../core/handle.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Under `npm run`, Ctrl-C arrives twice: from the terminal and from npm. The second must not count as "end at once". */
const ECHO_MS = 100;

/**
 * Lets signals stop a run (once: drain; twice: at once) and SIGUSR1 ask for its status. Returns what undoes this.
 * `clock` is in milliseconds.
 */
export function wireSignals(handle: Pick<RunHandle, 'stop'>, onStatus: () => void, clock = (): number => performance.now()): () => void {
  const lastAt = new Map<string, number>();
  const stop = (signal: (typeof SIGNALS)[number]): void => {
    const now = clock();
    const echo = now - (lastAt.get(signal) ?? -Infinity) < ECHO_MS;
    lastAt.set(signal, now);
    if (!echo) handle.stop(signal);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  process.on('SIGUSR1', onStatus);
  return () => {
    for (const signal of SIGNALS) process.off(signal, stop);
    process.off('SIGUSR1', onStatus);
  };
}
