/** Time, as reporters need it; tests bring their own. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Calls `tick` every `ms` milliseconds until the function that it returns is called. Never keeps the process alive. */
  every(ms: number, tick: () => void): () => void;
}

/** The real time. */
export const clock: Clock = {
  now: () => performance.now(),
  every(ms, tick) {
    let stopped = false;
    // Signals come before immediates but after timers: what SIGCONT and SIGWINCH changed is known when `tick` runs.
    const timer = setInterval(() => setImmediate(() => stopped || tick()), ms);
    timer.unref();
    return () => {
      stopped = true;
      clearInterval(timer);
    };
  },
};
