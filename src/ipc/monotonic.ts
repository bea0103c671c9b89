/** Milliseconds on the machine's monotonic clock: the same in all its processes, and no change of the time of day moves it. */
export function monotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
