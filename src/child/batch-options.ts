import type { AnyWorker } from '../core/worker.ts';
import type { FrozenItem } from '../input/item-reader.ts';
import type { ToParent, WorkMessage } from '../ipc/messages.ts';
import type { Setting, Sweep } from './sweep.ts';

/** What an attempt needs in its child. */
export interface BatchOptions extends Setting {
  readonly work: WorkMessage;
  readonly worker: AnyWorker;
  /** Where parameters are swept: the settings of their combinations, instead of the one that is here. */
  readonly sweep?: Sweep;
  readonly entries: Iterable<FrozenItem>;
  readonly send: (message: ToParent) => void;
}
