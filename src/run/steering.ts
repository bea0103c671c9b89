import type { ControlAnswer, ControlRequest } from '../core/control.ts';
import { unreachable } from '../core/errors.ts';
import { formatCount } from '../core/quantities.ts';
import type { RunState } from '../core/state.ts';
import type { Dispatcher } from './dispatcher.ts';

/** Does what is asked of a run that is going on, and says what that means. */
export function control(request: ControlRequest, dispatcher: Dispatcher, state: RunState): ControlAnswer {
  if (dispatcher.isEnded)
    return { ok: false, message: 'all items are settled; the run is being merged', hint: 'wait for its end, or press Ctrl-C there' };
  if (state.stopping && request.verb !== 'stop')
    return { ok: false, message: 'the run is being stopped', hint: 'resume it when it is over' };
  const at = state.running.size;
  const busy = `${formatCount(at)} ${at === 1 ? 'child is' : 'children are'} at work`;
  switch (request.verb) {
    case 'pause':
      if (!state.steering.paused) dispatcher.emit({ type: 'controlled', request });
      return { ok: true, message: `nothing new is dispatched; ${busy} and will finish their batches` };
    case 'continue':
      if (state.steering.paused) dispatcher.emit({ type: 'controlled', request });
      return { ok: true, message: 'the run goes on' };
    case 'processes': {
      const before = state.steering.processes;
      if (before !== request.processes) dispatcher.emit({ type: 'controlled', request });
      const surplus = at - request.processes;
      const rest = surplus > 0 ? `; ${formatCount(surplus)} more finish the batch that they have` : '';
      return { ok: true, message: `${formatCount(request.processes)} at a time instead of ${formatCount(before)}${rest}` };
    }
    case 'retire':
    case 'kill': {
      const attempts = [...state.running.values()].filter(({ shard }) => shard === request.shard);
      if (attempts.length === 0)
        return { ok: false, message: `no child is at work for shard ${request.shard}`, hint: 'see which are with shardyard status' };
      dispatcher.emit({ type: 'controlled', request });
      for (const { child } of attempts) {
        if (request.verb === 'kill') dispatcher.children.tell(child, 'stopped', 'SIGKILL');
        else dispatcher.children.retire(child, 'stopped');
      }
      const pids = attempts.map(({ child }) => state.children.get(child)?.pid ?? 0).join(', ');
      const what =
        request.verb === 'kill' ? 'is killed; what it had not finished goes to another' : 'ends after its item; the rest goes to another';
      return { ok: true, message: `the child at shard ${request.shard} (pid ${pids}) ${what}` };
    }
    case 'stop':
      dispatcher.emit({ type: 'controlled', request });
      dispatcher.stop('ctl');
      return { ok: true, message: `the run ends; ${busy} and may finish the items in flight` };
    default:
      return unreachable(request);
  }
}
