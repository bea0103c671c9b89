/** Our own files are never the culprit: the library's name in the stack is what tells its failures from those of a worker. */
const LIBRARY = /[/\\]node_modules[/\\]hyparquet[/\\]/;

/**
 * Runs something of hyparquet's. On a damaged file it may throw in a promise that nobody has in hand, which would end the process: here it
 * rejects. What others throw meanwhile ends the process as ever.
 */
export async function guarded<T>(act: () => Promise<T>): Promise<T> {
  const stray = Promise.withResolvers<never>();
  // It is only looked at in the race below.
  stray.promise.catch(() => {});
  const onRejection = (reason: unknown): void => {
    if (reason instanceof Error && LIBRARY.test(reason.stack ?? '')) return stray.reject(reason);
    setImmediate(() => {
      throw reason;
    });
  };
  process.on('unhandledRejection', onRejection);
  try {
    return await Promise.race([act(), stray.promise]);
  } finally {
    // What fails beside the first failure is reported a turn later.
    await new Promise(setImmediate);
    process.off('unhandledRejection', onRejection);
  }
}
