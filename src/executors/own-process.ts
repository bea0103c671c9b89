/**
 * How the processes that are not children are started with execa: each the leader of a group of its own, ended by nobody but the guard and
 * us, nothing of them kept in memory, no rejection where they fail.
 */
export const OWN_PROCESS = {
  detached: true,
  buffer: false,
  reject: false,
  cleanup: false,
  forceKillAfterDelay: false,
} as const;

/** Rejects with the reason why a process could not be started, with the system's code. */
export async function notStarted(
  subprocess: PromiseLike<{ readonly code?: string | undefined; readonly originalMessage?: string | undefined }>,
): Promise<never> {
  const { code, originalMessage } = await subprocess;
  throw Object.assign(new Error(originalMessage ?? 'a process cannot be started'), code === undefined ? {} : { code });
}
