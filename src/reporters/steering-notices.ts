import type { ControlRequest } from '../core/control.ts';
import { unreachable } from '../core/errors.ts';
import type { ChildDoing } from '../core/events.ts';
import { formatBytes, formatDuration } from '../core/quantities.ts';
import type { SteeringEvent } from '../core/steering.ts';
import type { Notice } from './notice.ts';
import { plural } from './numbers.ts';
import { shown } from './text.ts';

const KEY_WIDTH = 60;
const LINE_WIDTH = 200;
const MOST_ITEMS = 3;
/** Pauses of this process that are shorter are nobody's business. */
const TOLD_FROM_MS = 5000;

/** What there is to say when somebody steers the run, or when it gets stuck: an alarm is followed by what each child is doing. */
export function steeringNotices(event: SteeringEvent): readonly Notice[] {
  switch (event.type) {
    case 'controlled':
      return event.request.verb === 'stop' ? [] : [{ kind: 'info', text: `Control ${controlText(event.request)}` }];
    case 'suspended':
      // Nobody would read it before the run goes on.
      return [];
    case 'awoke':
      if (event.ms < TOLD_FROM_MS) return [];
      return [{ kind: 'info', text: `Awake   after ${formatDuration(event.ms)} of standing still, which count for nothing` }];
    case 'alarmed': {
      const { shard, quietMs, p99Ms, doing } = event;
      const usual = `99 % of its items take less than ${formatDuration(p99Ms)}`;
      const alarm = `Alarm   shard ${shard} has finished nothing for ${formatDuration(quietMs)}; ${usual}`;
      // One notice, so that none of its lines is held back.
      return [{ kind: 'warning', text: [alarm, ...doing.flatMap(doingText)].join('\n') }];
    }
    case 'calmed':
      return [{ kind: 'info', text: `Alarm   over: shard ${event.shard} gets on` }];
    default:
      return unreachable(event);
  }
}

function controlText(request: ControlRequest): string {
  switch (request.verb) {
    case 'pause':
      return 'pause: nothing new is dispatched, children finish their batches';
    case 'continue':
      return 'continue';
    case 'processes':
      return `processes: ${plural(request.processes, 'child', 'children')} at a time from now on`;
    case 'retire':
      return `retire: the child of shard ${request.shard} ends after its item`;
    case 'kill':
      return `kill: the child of shard ${request.shard} is killed, its batch put back`;
    case 'stop':
      return 'stop';
    default:
      return unreachable(request);
  }
}

/** What one child is doing, on one line, and below it the last lines that it printed. */
export function doingText({ child, pid, shard, batch, done, total, rssBytes, silentMs, items, lines }: ChildDoing): string[] {
  const first = items.slice(0, MOST_ITEMS).map(({ key, ms }) => `${shown(key, KEY_WIDTH)} for ${formatDuration(ms)}`);
  const more = items.length > first.length ? ` and ${items.length - first.length} more` : '';
  const facts = [
    `${done}/${total} items`,
    ...(rssBytes === null ? [] : [formatBytes(rssBytes)]),
    ...(silentMs > 1000 ? [`event loop blocked for ${formatDuration(silentMs)}`] : []),
    first.length > 0 ? `in flight ${first.join(', ')}${more}` : 'nothing in flight',
  ];
  return [
    `        child ${child} (pid ${pid}), shard ${shard} batch ${batch}: ${facts.join(', ')}`,
    ...lines.map((line) => `          | ${shown(line, LINE_WIDTH)}`),
  ];
}
