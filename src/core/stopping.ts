import type { StopReason } from './events.ts';

/** How a run is being stopped. `drain`: items in flight may finish; `kill`: everything ends now. */
export interface Stopping {
  readonly why: StopReason;
  readonly how: 'drain' | 'kill';
  readonly message?: string;
}

/**
 * What a wish to stop comes to, given what there was before; undefined: nothing new. Whoever asks a second time wants it at once, but a
 * terminal that closes says so twice, and who finishes items at leisure for another reason is first asked to hurry.
 */
export function nextStop(before: Stopping | undefined, why: StopReason): Stopping['how'] | undefined {
  if (!before) return 'drain';
  if (before.how === 'kill' || why === 'SIGHUP' || why === 'ctl' || why === 'deadline' || why === 'halt') return undefined;
  return before.why === 'SIGHUP' ? 'drain' : 'kill';
}
