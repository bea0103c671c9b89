import type { ControlAnswer, ControlRequest } from './control.ts';
import type { RunEvent } from './events.ts';
import type { Report, Snapshot } from './report.ts';

/**
 * A run that is going on. Iterate it for the events of the journal: an iterator sees every event from the moment it is made, so one
 * that is made right after `launch` sees all of this session. The report settles when the run is over; it rejects only for wrong input or a bug.
 */
export interface RunHandle extends AsyncIterable<RunEvent> {
  /** Settles with the run's name once planning has succeeded; rejects with a `UserError` when the input is wrong. */
  readonly planned: Promise<{ readonly run: string; readonly folder: string; readonly logs: string }>;
  readonly report: Promise<Report>;
  /** The run as it stands now. */
  snapshot(): Snapshot;
  /** First call: start nothing new, let items in flight finish, commit. Second call: end everything at once. */
  stop(why?: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'ctl' | 'abort'): void;
  /** Dispatches nothing new; children finish the batches that they have. */
  pause(): void;
  /** Takes back `pause`. */
  continue(): void;
  /** So many children at a time from now on; what is too many finishes its batch first. */
  setProcesses(processes: number): void;
  /** What `shardyard ctl` asks of a run; says what came of it. `retire` and `kill` are about the children of one shard. */
  control(request: ControlRequest): ControlAnswer;
  /** Has every child stand still, and every clock of the run, until `wake`: for a program that is about to be stopped itself. */
  suspend(): void;
  wake(): void;
}

/** Shows a run to somebody. */
export interface Reporter {
  /** Called once per event, in order. */
  onEvent(event: RunEvent): void;
  /** Called once, with the run's report; whatever was drawn in place is finished first. */
  onEnd(report: Report): void;
}
