import type { AnyWorker } from '../core/worker.ts';
import type { FrozenItem } from '../input/item-reader.ts';
import type { ToParent, WorkMessage } from '../ipc/messages.ts';
import type { Shared } from './context.ts';
import type { Encode } from './emit-rows.ts';

/** What an attempt needs in its child. */
export interface BatchOptions {
  readonly work: WorkMessage;
  readonly worker: AnyWorker;
  readonly shared: Shared;
  readonly encode: Encode;
  readonly entries: Iterable<FrozenItem>;
  readonly send: (message: ToParent) => void;
}
