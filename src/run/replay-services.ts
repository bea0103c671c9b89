import { NOTHING } from '../core/spending.ts';
import type { Child, Executor } from '../executors/executor.ts';
import type { ToParent } from '../ipc/messages.ts';
import { CallDesk } from '../services/call-desk.ts';
import type { RunSettings } from '../store/manifest.ts';
import { openGovernor } from './budgets.ts';
import { served } from './served.ts';

/** The number of the only child there is. */
const ONLY = 1;

/** What starts the child of a replay, and answers what it says about calls. */
export interface ReplayServices {
  start(onMessage: (message: ToParent) => void): Child;
  close(): Promise<void>;
}

/** Calls of a replay heed the run's budgets and use its cache; they are not counted, and not against `--max-calls` and the like. */
export async function serveReplay(executor: Executor, settings: RunSettings, dataDir: string): Promise<ReplayServices> {
  const governor = await openGovernor(settings, dataDir);
  const children = served(executor, governor);
  return {
    start(onMessage) {
      const desk = new CallDesk({
        limits: {},
        spent: NOTHING,
        answer: (_, id, answer) => child.send({ type: 'answer', id, answer }),
        record: () => undefined,
        warn: () => undefined,
        onSpent: () => undefined,
      });
      const child = children.start((message) => (message.type === 'call' ? desk.take(ONLY, message.ask) : onMessage(message)));
      return child;
    },
    async close() {
      children.close();
      await governor.close();
    },
  };
}
