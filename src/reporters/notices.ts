import { unreachable } from '../core/errors.ts';
import type { AttemptId, ItemFailure, RunEvent, StopReason } from '../core/events.ts';
import { countSpans } from '../core/intervals.ts';
import { formatBytes, formatCount, formatDuration } from '../core/quantities.ts';
import { remedy } from '../core/remedy.ts';
import type { Notice } from './notice.ts';
import { plural } from './numbers.ts';
import { steeringNotices } from './steering-notices.ts';
import { STOPPED_BY } from './stops.ts';
import { escapeText, shown } from './text.ts';

const KEY_WIDTH = 60;
const MESSAGE_WIDTH = 300;

/** What there is to say about each event; remembers which child worked on what. Batches are not here, they have lines of their own. */
export function createNotices(runName: () => string): (event: RunEvent) => readonly Notice[] {
  const children = new Map<number, { pid: number; attempt?: AttemptId }>();
  return (event) => {
    switch (event.type) {
      case 'opened': {
        const verb = { run: 'Run', resume: 'Resuming', rerun: 'Rerunning', plan: 'Planning', shard: 'Shards of' }[event.mode];
        return one('info', `${verb} ${shown(runName(), KEY_WIDTH)} with ${plural(event.processes, 'process', 'processes')}`);
      }
      case 'planned':
        return one('info', `Planned ${plural(event.items, 'item')} in ${plural(event.shards, 'shard')}, batches of ${event.batchSize}`);
      case 'owed':
        return one('info', `${plural(countSpans(event.spans), 'item')} to be done again`);
      case 'scoped':
        return one('info', `Only ${plural(countSpans(event.spans), 'item')} of it`);
      case 'matched': {
        const counts = [`${formatCount(event.done)} done`, `${formatCount(event.failed)} failed`, `${formatCount(event.fresh)} new`];
        return one('info', `Matched with the items of before: ${counts.join(', ')}, ${formatCount(event.gone)} no longer there`);
      }
      case 'child-started':
        children.set(event.child, { pid: event.pid });
        return [];
      case 'dispatched': {
        const child = children.get(event.child);
        if (child) child.attempt = event;
        return [];
      }
      case 'tried':
        return one(
          'retry',
          `Retry   ${item(event, event.shard)} after try ${event.tries}: ${event.cause}: ${shown(event.message, MESSAGE_WIDTH)}`,
        );
      case 'item-failed':
        return [failed(event.failure, event.shard)];
      case 'committed':
        return event.receipt.failed.map((failure) => failed(failure, event.shard));
      case 'child-ended': {
        const child = children.get(event.child);
        children.delete(event.child);
        if (event.cause === 'ok' || event.cause === 'stopped') return [];
        return one('died', died(event, child));
      }
      case 'warned':
        return one('warning', `Warning ${shown(event.message, MESSAGE_WIDTH)}`);
      case 'limit-near':
        return one('warning', `Warning shard ${event.shard}, batch ${event.batch}: ${shown(event.message, MESSAGE_WIDTH)}`);
      case 'memory-free':
        return one('warning', memoryFree(event, event.child === undefined ? undefined : children.get(event.child)));
      case 'stopping':
        return one('stopping', `Stopping: ${STOPPED_BY[event.why]}; ${event.how === 'drain' ? DRAIN[event.why] : KILL}`);
      case 'merged': {
        const where = `${escapeText(event.output)} in ${formatDuration(event.ms)}`;
        return one('info', `Merged ${plural(event.rows, 'row')}, ${formatBytes(event.bytes)}, to ${where}`);
      }
      case 'controlled':
      case 'suspended':
      case 'awoke':
      case 'alarmed':
      case 'calmed':
        return steeringNotices(event);
      case 'child-ready':
      case 'halved':
      case 'attempt-ended':
      case 'child-told':
      case 'guard-started':
      case 'called':
      case 'reserved':
      case 'closed':
        return [];
      default:
        return unreachable(event);
    }
  };
}

/** The line in place of those that a flood held back. */
export function moreOf(kind: Notice['kind'], count: number): string {
  return `… and ${formatCount(count)} more ${MORE[kind]}`;
}

const MORE: Readonly<Record<Notice['kind'], string>> = {
  info: 'messages',
  retry: 'retries',
  failed: 'failed items',
  died: 'dead children',
  warning: 'warnings',
  stopping: 'reasons to stop',
};
const DRAIN: Readonly<Record<StopReason, string>> = {
  SIGINT: 'finishing items in flight, press Ctrl-C again to end now',
  SIGTERM: 'finishing items in flight, a second SIGTERM ends it now',
  SIGHUP: 'finishing items in flight',
  halt: 'finishing items in flight, press Ctrl-C to end now',
  deadline: 'finishing items in flight, press Ctrl-C to end now',
  ctl: 'finishing items in flight, press Ctrl-C to end now',
  budget: 'finishing items that need no more calls',
  abort: 'finishing items in flight',
  setup: 'starting nothing new',
  disk: 'starting nothing new, what is committed is kept',
  merge: 'what is committed is kept',
};
const KILL = 'ending all children now, what is committed is kept';

const one = (kind: Notice['kind'], text: string): readonly Notice[] => [{ kind, text }];

/** `AAPL (item 17, shard 3)` */
function item({ key, index }: { key: string; index: number }, shard: number): string {
  return `${shown(key, KEY_WIDTH)} (item ${index}, shard ${shard})`;
}

function failed(failure: ItemFailure, shard: number): Notice {
  const why = `${failure.cause}: ${shown(failure.message, MESSAGE_WIDTH)}`;
  return { kind: 'failed', text: `Failed  ${item(failure, shard)} after ${plural(failure.tries, 'try', 'tries')}: ${why}` };
}

function memoryFree({ state, available, wanted, child }: Extract<RunEvent, { type: 'memory-free' }>, ended?: { pid: number }): string {
  const there = `${formatBytes(available)} of memory available`;
  const asked = `--memory-free ${formatBytes(wanted)}`;
  switch (state) {
    case 'holding':
      return `Memory  ${there}, less than ${asked}: nothing new is started until there is more`;
    case 'ending':
      return `Memory  ${there}, less than half of ${asked}: child ${child}${ended ? ` (pid ${ended.pid})` : ''} is ended, its batch is done later`;
    case 'enough':
      return `Memory  ${there}: going on`;
    default:
      return unreachable(state);
  }
}

function died(event: Extract<RunEvent, { type: 'child-ended' }>, child: { pid: number; attempt?: AttemptId } | undefined): string {
  const pid = child ? ` (pid ${child.pid})` : '';
  const where = child?.attempt ? ` in shard ${child.attempt.shard}, batch ${child.attempt.batch}` : '';
  const how = event.signal ?? (event.code === null ? '' : `code ${event.code}`);
  const said = event.message ? `: ${shown(event.message, MESSAGE_WIDTH)}` : '';
  const advice = remedy(event.cause);
  const seen = [
    ...(event.rss > 0 ? [`peak memory ${formatBytes(event.rss)}`] : []),
    ...(event.oomKills === undefined ? [] : [`OOM kills ${event.oomKills}`]),
  ];
  const evidence = seen.length > 0 ? `, ${seen.join(', ')}` : '';
  return `Died    child ${event.child}${pid}${where}: ${event.cause}${how && ` (${how})`}${said}${evidence}${advice ? `. ${advice}` : ''}`;
}
