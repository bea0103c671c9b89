import type { RunEvent } from '../core/events.ts';
import type { RunState } from '../core/state.ts';
import type { Executor } from '../executors/executor.ts';
import type { Guard } from '../executors/guard.ts';
import type { CallMessage, ToParent } from '../ipc/messages.ts';
import type { Journal } from '../store/journal.ts';
import type { Manifest, RunSettings } from '../store/manifest.ts';
import type { RunPaths } from '../store/paths.ts';

/** What the loop works with. */
export interface DispatcherOptions {
  readonly state: RunState;
  readonly journal: Journal;
  readonly executor: Executor;
  readonly manifest: Manifest;
  readonly settings: RunSettings;
  readonly paths: RunPaths;
  /** Marks this session's processes. */
  readonly token: string;
  /** The guard that has watched over the planning. */
  readonly guard: Guard;
  /** Answers what children say about calls. */
  readonly calls: { take(child: number, message: ToParent): message is CallMessage };
  readonly onEvent: (event: RunEvent) => void;
  /** When the session is to be over (ms since 1970). */
  readonly deadline: () => number | undefined;
}
