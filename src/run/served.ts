import type { Executor } from '../executors/executor.ts';
import type { Governor } from '../services/governor.ts';

/** An executor whose children are answered by the services before anything of it reaches the loop. */
export interface ServedExecutor extends Executor {
  /** How long the calls of the child with this PID have waited in all, in milliseconds. */
  waited(pid: number): number;
}

/** Puts the services between an executor and whoever starts children with it. */
export function served(executor: Executor, governor: Governor): ServedExecutor {
  const byPid = new Map<number, number>();
  let count = 0;
  return {
    start(onMessage) {
      const number = ++count;
      const child = executor.start((message) => {
        if (message.type === 'permits') governor.onMessage(number, message);
        else onMessage(message);
      });
      governor.join(number, (answer) => child.send(answer));
      byPid.set(child.pid, number);
      void child.ended.then(() => {
        governor.gone(number);
        if (byPid.get(child.pid) === number) byPid.delete(child.pid);
      });
      return child;
    },
    close: () => executor.close(),
    waited: (pid) => governor.waited(byPid.get(pid) ?? 0),
  };
}
