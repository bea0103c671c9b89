import type { StopReason } from '../core/events.ts';
import type { Stopped } from '../core/report.ts';
import { shown } from './text.ts';

/** Why a run stops, as a clause. */
export const STOPPED_BY: Readonly<Record<StopReason, string>> = {
  SIGINT: 'interrupted (SIGINT)',
  SIGTERM: 'asked to end (SIGTERM)',
  SIGHUP: 'the terminal is gone (SIGHUP)',
  halt: 'as many items have failed as --halt allows',
  deadline: 'nothing that is left can be done before --deadline',
  ctl: 'asked to end (shardyard ctl stop)',
  budget: 'the calls, tokens or money that the run may take are spent',
  abort: 'aborted by the program that started the run',
  setup: 'the worker cannot be set up',
  disk: 'the disk does not take what is written',
  merge: 'the merge is refused',
};

const WIDTH = 300;
/** What refuses a merge names rows and commands. */
const REFUSED = 2000;

/** The same with what is known of it, on one line, safe to print. */
export function explainStop({ why, message }: Stopped): string {
  return message === null ? STOPPED_BY[why] : `${STOPPED_BY[why]}: ${shown(message, why === 'merge' ? REFUSED : WIDTH)}`;
}

/** Whether it was the import of the worker or its `setup` that failed: children that die later leave no such log. */
export function isSetup(stopped: Stopped | null): boolean {
  return stopped?.why === 'setup' && stopped.log !== null;
}
